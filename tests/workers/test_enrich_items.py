"""Enriching items, with real pages and a real provider on loopback."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sql import queries
from tests.children import children
from tests.clients.ai.chat_server import chat_server, refusal, says
from tests.clients.site import ARTICLE, Site, redirect, response
from tests.processes import eventually
from webapp.clients.web import fetcher
from webapp.parsing import page
from webapp.settings import Settings, SettingsError
from workers import enrich_items as module
from workers.engine import line
from workers.engine.loop import Worker

NOTE = (
    "The oak posts for the garden fence have to be ordered before Friday. The carpenter needs the"
    " measurements of the gate. The old fence comes down in the first week of March, and the posts"
    " are set in concrete the week after.\n\nAna knows somebody with a small digger."
)
FOUND = {
    "title": "Order the oak posts",
    "summary": "The posts are needed before Friday.",
    "tags": [{"name": "garden", "confidence": 0.9}, {"name": "fence", "confidence": 0.7}],
    "language": "en",
}


@pytest.fixture
def site():
    with Site() as serving:
        serving.pages["/"] = response()
        yield serving


@pytest.fixture
def provider():
    with chat_server() as server:
        yield server


@pytest.fixture
def enrich(worker):
    """A round of enrichment by the embedded provider."""
    return worker(module.enrich_items).round


@pytest.fixture
def enrich_by(settings: Settings, database):
    """Makes rounds of enrichment by a chat provider."""
    made = []

    def by(server):
        asking = replace(settings, ai_url=server.url, ai_model="m", ai_key="sk-secret")
        made.append(Worker([module.enrich_items], asking))
        return made[-1].round

    yield by
    for each in made:
        each.close()


def capture(client, **given):
    body = {"source_type": "note", "raw_text": NOTE} | given
    sent = {name: value for name, value in body.items() if value is not None}
    answer = client.post("/api/items", json=sent)
    assert answer.status_code == 201
    return answer.headers["Location"]


def article(client, site, path="/", **given):
    return capture(client, source_type="article", source_url=site.url(path), **given)


def due_now(owner):
    owner.execute("UPDATE outbox SET run_after = now()")


def wait_of(owner):
    """Seconds until the one queued row is due."""
    wait = owner.execute("SELECT extract(epoch FROM run_after - now())::int FROM outbox")
    return wait.fetchone()[0]


def events(client, url):
    return client.get(f"{url}/events").json["items"]


@pytest.mark.long
def test_a_note_gets_title_summary_and_tags_from_its_own_text(ana, enrich):
    url = capture(ana)
    assert enrich() == 1
    item = ana.get(url).json
    assert item["status"] == "ready_to_confirm"
    assert item["title"].rstrip("….") in NOTE
    assert item["summary"].split(". ")[0].rstrip(".") in NOTE
    assert item["language"] == "en"
    assert 1 <= len(item["suggestions"]) <= 3
    for suggestion in item["suggestions"]:
        assert suggestion["name"].split()[0].lower() in NOTE.lower()
        assert 0 < suggestion["confidence"] <= 1
        assert suggestion["status"] == "pending"


@pytest.mark.long
def test_an_article_gets_its_pages_text_title_author_and_date(ana, enrich, site):
    url = article(ana, site, raw_text=None)
    enrich()
    item = ana.get(url).json
    assert item["status"] == "ready_to_confirm"
    assert item["title"] == "A good harvest"
    assert item["author"] == "Jane Doe"
    assert item["published_at"] == "2024-03-01T08:11:12Z"
    assert "pickers worked until dusk" in item["content"]
    assert "Imprint" not in item["content"]


@pytest.mark.long
def test_a_notes_url_is_not_fetched(ana, enrich, site):
    capture(ana, source_url=site.url())
    enrich()
    assert site.requests == []


@pytest.mark.long
def test_every_step_carries_the_id_of_the_request_that_captured(ana, enrich):
    answer = ana.post(
        "/api/items",
        json={"source_type": "note", "raw_text": NOTE},
        headers={"X-Request-Id": "captured-here"},
    )
    enrich()
    steps = events(ana, answer.headers["Location"])
    assert [(step["event"], step["request_id"]) for step in steps] == [
        ("item.created", "captured-here"),
        ("item.enriched", "captured-here"),
    ]
    assert steps[1]["actor"] == "worker:enrich_items"


@pytest.mark.long
def test_what_the_owner_wrote_stays(ana, enrich):
    url = capture(ana, title="My title")
    ana.patch(url, json={"summary": "My summary."})
    enrich()
    item = ana.get(url).json
    assert (item["title"], item["summary"]) == ("My title", "My summary.")
    assert item["suggestions"]


@pytest.mark.long
def test_the_chat_provider_gets_the_text_and_the_owners_tags(ana, enrich_by, provider):
    capture(ana, raw_text="Pine cones.", tags=["Garden"], enrich=False)
    url = capture(ana)
    provider.model = lambda request: says(FOUND)
    enrich_by(provider)()
    (asked,) = provider.requests
    assert asked.material["text"] == NOTE
    assert asked.material["known_tags"] == ["Garden"]
    item = ana.get(url).json
    assert (item["title"], item["summary"]) == (FOUND["title"], FOUND["summary"])
    assert [(each["name"], each["confidence"]) for each in item["suggestions"]] == [
        ("Garden", 0.9),
        ("fence", 0.7),
    ]


@pytest.mark.long
def test_a_tag_that_the_item_carries_is_not_suggested(ana, enrich_by, provider):
    url = capture(ana, tags=["GARDEN"])
    provider.model = lambda request: says(FOUND)
    enrich_by(provider)()
    assert [each["name"] for each in ana.get(url).json["suggestions"]] == ["fence"]


@pytest.mark.long
def test_a_provider_that_always_fails_ends_in_failed_and_retry_brings_it_back(
    ana, owner, enrich_by, provider
):
    url = capture(ana)
    provider.model = lambda request: refusal(503, "overloaded")
    enrich = enrich_by(provider)
    waits = []
    for _ in range(2):
        assert enrich() == 1
        waits.append(wait_of(owner))
        assert ana.get(url).json["status"] == "enriching"
        due_now(owner)
    assert 29 <= waits[0] <= 33
    assert 299 <= waits[1] <= 330
    assert enrich() == 1

    item = ana.get(url).json
    assert item["status"] == "failed"
    (dead,) = owner.execute("SELECT kind, attempts, error FROM dead_letters").fetchall()
    assert dead == ("enrich_items", 3, item["error"])
    steps = events(ana, url)
    assert [step["event"] for step in steps] == [
        *("item.created", "item.attempt_failed", "item.attempt_failed", "item.failed")
    ]
    assert 30 <= steps[1]["payload"]["next_attempt_in"] <= 33
    assert steps[-1]["payload"] == {"error": item["error"]}
    assert "sk-secret" not in str(steps)

    provider.model = lambda request: says(FOUND)
    assert ana.post(f"{url}/retry").status_code == 200
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)
    enrich()
    item = ana.get(url).json
    assert (item["status"], item["title"]) == ("ready_to_confirm", FOUND["title"])
    assert item["error"] is None


@pytest.mark.long
def test_a_key_that_is_refused_is_given_up_at_once(ana, enrich_by, provider):
    url = capture(ana)
    provider.model = lambda request: refusal(401, "bad key sk-secret")
    enrich_by(provider)()
    item = ana.get(url).json
    assert item["status"] == "failed"
    assert "AI_KEY" in item["error"]
    assert "sk-secret" not in item["error"]


@pytest.mark.long
def test_the_wait_that_the_provider_asks_for_is_kept(ana, owner, enrich_by, provider):
    capture(ana)
    provider.model = lambda request: refusal(429, "slow down", **{"Retry-After": "120"})
    enrich_by(provider)()
    assert wait_of(owner) == pytest.approx(120, abs=3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("source_url", "said"),
    [
        ("http://10.0.0.1/", "public"),
        ("http://169.254.169.254/latest/meta-data/", "public"),
        ("http://[::ffff:192.168.0.1]/", "public"),
    ],
)
def test_a_page_inside_our_network_fails_at_once_and_says_why(ana, owner, enrich, source_url, said):
    url = capture(ana, source_type="article", source_url=source_url, raw_text=None)
    enrich()
    item = ana.get(url).json
    assert item["status"] == "failed"
    assert said in item["error"]
    assert owner.execute("SELECT attempts FROM dead_letters").fetchall() == [(1,)]


@pytest.mark.long
def test_a_page_that_is_not_there_fails_at_once(ana, enrich, site):
    url = article(ana, site, "/missing", raw_text=None)
    site.pages["/missing"] = response(b"gone", "404 Not Found")
    enrich()
    item = ana.get(url).json
    assert item["status"] == "failed"
    assert "404" in item["error"]


@pytest.mark.long
def test_an_item_discarded_before_its_turn_is_dropped(ana, owner, enrich, site):
    url = article(ana, site)
    ana.patch(url, json={"action": "discard"})
    assert enrich() == 1
    assert site.requests == []
    assert ana.get(url).json["status"] == "discarded"
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


@pytest.mark.long
def test_what_comes_after_an_item_was_confirmed_fills_what_is_empty(
    ana, owner, enrich_by, provider
):
    mine, untitled = capture(ana, title="Mine"), capture(ana)
    provider.model = lambda request: refusal(503, "overloaded")
    enrich = enrich_by(provider)
    enrich()
    for url in (mine, untitled):
        assert ana.patch(url, json={"action": "confirm"}).json["status"] == "confirmed"
        assert "503" in ana.get(url).json["error"]
    provider.model = lambda request: says(FOUND)
    due_now(owner)
    enrich()
    for url, title in ((mine, "Mine"), (untitled, FOUND["title"])):
        item = ana.get(url).json
        assert (item["status"], item["error"]) == ("confirmed", None)
        assert (item["title"], item["summary"]) == (title, FOUND["summary"])
        assert [each["name"] for each in item["suggestions"]] == ["garden", "fence"]
        assert [each["event"] for each in events(ana, url)][-2:] == [
            "item.confirmed",
            "item.enriched",
        ]
    assert ana.get("/api/review").json["items"] == []
    assert ana.get("/api/items/pending").json["total"] == 0


@pytest.mark.long
def test_a_confirmed_item_keeps_the_reason_until_its_page_is_read(ana, owner, enrich, site):
    url = article(ana, site, "/paper", raw_text=None, title="Mine", tags=["paper"])
    site.pages["/paper"] = response(b"%PDF-1.4", content_type="application/pdf")
    enrich()
    reason = ana.get(url).json["error"]
    assert ana.patch(url, json={"action": "confirm"}).status_code == 200
    ana.post(f"{url}/retry")
    enrich()
    item = ana.get(url).json
    assert (item["status"], item["error"]) == ("confirmed", reason)
    assert events(ana, url)[-1]["payload"] == {"error": reason}
    assert owner.execute("SELECT attempts FROM dead_letters").fetchall() == [(1,)]
    with owner.transaction():
        queries.requests.identify(owner, actor="operator", request_id="", traceparent="")
        assert module.revive(owner, item["id"]) is True
    site.pages["/paper"] = response()
    enrich()
    item = ana.get(url).json
    assert (item["status"], item["title"], item["error"]) == ("confirmed", "Mine", None)
    assert "pickers worked until dusk" in item["content"]


@pytest.mark.long
def test_a_page_is_found_by_every_address_that_leads_to_it(ana, enrich, site):
    site.pages["/short"] = redirect("/long?utm_source=x")
    site.pages["/long?utm_source=x"] = response(
        ARTICLE.replace(b"<head>", b'<head><link rel="canonical" href="/own"><base href="/x/">')
    )
    site.pages["/private"] = redirect("/login?next=/private")
    site.pages["/login?next=/private"] = response()
    first = article(ana, site, "/short", raw_text=None)
    apart = article(ana, site, "/private", raw_text=None)
    enrich()
    item = ana.get(first).json
    assert (item["page_url"], item["same_page_as"]) == (site.url("/own"), None)
    for path in ("/short", "/long", "/own?utm_medium=y"):
        again = {"source_type": "article", "source_url": site.url(path)}
        answer = ana.post("/api/items", json=again)
        assert (answer.status_code, answer.json["duplicate_of"]) == (200, item["id"])
    assert ana.get(apart).json["page_url"] is None
    assert ana.post("/api/items/check-url", json={"source_url": site.url("/login")}).json == {
        "normalized": site.url("/login"),
        "duplicate_of": None,
    }


@pytest.mark.long
def test_an_item_of_a_page_that_is_there_already_says_which_one_has_it(ana, enrich, site):
    site.pages |= {"/a": response(), "/short": redirect("/a"), "/front": redirect("/")}
    older, front = (
        article(ana, site, path, raw_text=None, enrich=False).rpartition("/")[2]
        for path in ("/a", "/")
    )
    newer = article(ana, site, "/short", raw_text=None, tags=["later"])
    apart = article(ana, site, "/front", raw_text=None)
    enrich()
    item = ana.get(newer).json
    assert (item["same_page_as"], item["tags"]) == (older, ["later"])
    pending = {each["id"]: each for each in ana.get("/api/items/pending").json["items"]}
    assert pending[item["id"]]["same_page_as"] == older
    assert ana.get(apart).json["same_page_as"] != front
    ana.patch(f"/api/items/{older}", json={"action": "discard"})
    assert ana.get(newer).json["same_page_as"] is None
    checked = ana.post("/api/items/check-url", json={"source_url": site.url("/a")}).json
    assert checked["duplicate_of"] == item["id"]


@pytest.mark.long
def test_a_page_that_sends_its_readers_on_is_read_where_they_arrive(ana, enrich, site):
    def sends(to, seconds=0):
        meta = f'<meta http-equiv="Refresh" content="{seconds}; URL=\'{to}\'">'
        return response(f"<head>{meta}<title>Moved</title></head><p>Moved.".encode())

    site.pages |= {"/a": sends("b"), "/b": sends(site.url("/")), "/loop": sends("/loop")}
    site.pages |= {"/later": sends("/", 300), "/inside": sends("http://10.0.0.1/")}
    urls = {
        path: article(ana, site, path, raw_text=None)
        for path in ("/a", "/loop", "/later", "/inside")
    }
    enrich()
    found = {path: ana.get(url).json for path, url in urls.items()}
    assert (found["/a"]["title"], found["/a"]["page_url"]) == ("A good harvest", None)
    assert found["/loop"]["content"] == found["/later"]["content"] == "Moved."
    assert (found["/inside"]["status"], "public" in found["/inside"]["error"]) == ("failed", True)


@pytest.mark.processes
def test_an_item_discarded_while_its_page_is_read_ends_the_child_that_reads_it(
    ana, enrich, site, monkeypatch
):
    monkeypatch.setattr(page, "__name__", "tests.parsing.endless")
    monkeypatch.setattr(fetcher, "_PARSE_SECONDS", 600)
    monkeypatch.setattr(line, "_REPORT_EVERY", 0.1)
    url = article(ana, site)
    before = children()
    with ThreadPoolExecutor(1) as pool:
        enriching = pool.submit(enrich)
        eventually(lambda: children() - before or enriching.done())
        ana.patch(url, json={"action": "discard"})
        assert enriching.result(timeout=60) == 1
    assert children() <= before
    item = ana.get(url).json
    assert (item["status"], item["error"]) == ("discarded", None)


def test_a_key_that_cannot_be_sent_is_a_wrong_setting(settings):
    wrong = replace(settings, ai_url="https://api.example.com", ai_model="m", ai_key="line\nbreak")
    with pytest.raises(SettingsError, match="AI_KEY"):
        module.open_clients(wrong)


@pytest.mark.long
def test_an_items_answer_says_how_far_its_enrichment_is(ana, site, provider, enrich_by):
    seen = []
    expected = {"done": 1, "total": 2, "doing": "finding title, summary and tags"}

    def look(request):
        deadline = time.monotonic() + 60
        while expected not in seen and time.monotonic() < deadline:
            seen.append(ana.get(url).json["progress"])
        return says(FOUND)

    provider.model = look
    url = article(ana, site)
    assert ana.get(url).json["progress"] is None
    enrich_by(provider)()
    assert seen[-1] == expected
    assert ana.get(url).json["progress"] is None
