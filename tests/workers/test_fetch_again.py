"""Pages that are read again: what is renewed, and what stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.site import ARTICLE, Site, response
from tests.processes import eventually
from workers import enrich_items as module

OTHER = ARTICLE.replace(b"A good harvest", b"A bad harvest").replace(b"apples", b"pears")


@pytest.fixture
def site():
    with Site() as serving:
        serving.pages |= {"/": response(), "/other": response(OTHER)}
        yield serving


@pytest.fixture
def enrich(worker):
    return worker(module.enrich_items).round


@pytest.fixture
def link(ana, site, enrich):
    """A confirmed link whose page was read."""
    new = {"source_type": "article", "source_url": site.url("/")}
    path = ana.post("/api/items", json=new).headers["Location"]
    enrich()
    assert ana.patch(path, json={"action": "confirm"}).status_code == 200
    return path


def events(client, path):
    return client.get(f"{path}/events").json["items"]


@pytest.mark.long
def test_what_a_page_says_now_takes_the_place_of_what_it_said(ana, site, enrich, link, owner):
    before = ana.get(link).json
    assert before["written_fields"] == []
    site.pages["/"] = response(OTHER)
    asked = ana.post(f"{link}/fetch")
    assert (asked.status_code, asked.json["content"]) == (200, before["content"])
    enrich()
    item = ana.get(link).json
    assert (item["status"], item["title"]) == ("confirmed", "A bad harvest")
    assert "pears came early" in item["content"]
    assert "pears" in item["summary"]
    steps = events(ana, link)
    assert [each["event"] for each in steps][-2:] == ["item.refetched", "item.enriched"]
    assert steps[-1]["payload"]["replaced"] == {
        name: before[name] for name in ("title", "summary", "content")
    }
    site.pages["/"] = response()
    ana.post(f"{link}/fetch")
    enrich()
    kept = [each for each in events(ana, link) if "content" in str(each["payload"])]
    assert "pears" in kept[0]["payload"]["replaced"]["content"]
    assert owner.execute("SELECT count(*) FROM item_texts").fetchone() == (1,)


@pytest.mark.long
def test_what_a_person_wrote_stays(ana, site, enrich, link):
    ana.patch(link, json={"title": "Mine", "summary": None})
    site.pages["/"] = response(OTHER)
    ana.post(f"{link}/fetch")
    enrich()
    item = ana.get(link).json
    assert (item["title"], item["summary"]) == ("Mine", None)
    assert item["written_fields"] == ["summary", "title"]
    assert "pears" in item["content"]


@pytest.mark.long
@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_page_that_is_gone_takes_nothing_away(ana, site, enrich, link, status):
    before = ana.get(link).json
    site.pages["/"] = response(b"Gone", status)
    ana.post(f"{link}/fetch")
    enrich()
    item = ana.get(link).json
    changing = ("error", "updated_at")
    assert item["error"] is not None
    assert {name: item[name] for name in item if name not in changing} == {
        name: before[name] for name in before if name not in changing
    }
    site.pages["/"] = response()
    assert ana.post(f"{link}/retry").status_code == 200
    enrich()
    assert ana.get(link).json["error"] is None


@pytest.mark.long
def test_why_an_attempt_failed_is_shown_before_the_last_one(ana, site, enrich, link):
    site.pages["/"] = response(b"Later", "503 Service Unavailable")
    ana.post(f"{link}/fetch")
    enrich()
    listed = ana.get("/api/library").json["items"]
    assert "503" in listed[0]["error"]
    assert ana.get(link).json["content"]


@pytest.mark.long
def test_another_address_has_its_page_read(ana, site, enrich, link):
    ana.patch(link, json={"source_url": site.url("/other")})
    enrich()
    item = ana.get(link).json
    assert (item["title"], item["status"], item["error"]) == ("A bad harvest", "confirmed", None)
    assert "pears" in item["content"]
    site.pages.pop("/other")
    missing = ana.patch(link, json={"source_url": site.url("/missing")})
    assert missing.status_code == 200
    enrich()
    item = ana.get(link).json
    assert item["source_url"] == site.url("/missing")
    assert "pears" in item["content"]
    assert item["error"] is not None


@pytest.mark.long
def test_a_link_that_was_kept_without_its_page_gets_its_title(ana, site, enrich):
    new = {"source_type": "article", "source_url": site.url("/"), "enrich": False}
    path = ana.post("/api/items", json=new).headers["Location"]
    assert ana.get(path).json["title"] == site.url("/")
    ana.post(f"{path}/fetch")
    enrich()
    item = ana.get(path).json
    assert (item["title"], item["status"]) == ("A good harvest", "confirmed")


@pytest.mark.long
def test_one_that_awaits_its_owner_is_enriched_anew(ana, site, enrich):
    new = {"source_type": "article", "source_url": site.url("/")}
    path = ana.post("/api/items", json=new).headers["Location"]
    enrich()
    site.pages["/"] = response(OTHER)
    assert ana.post(f"{path}/fetch").json["status"] == "enriching"
    enrich()
    item = ana.get(path).json
    assert (item["title"], item["status"]) == ("A bad harvest", "ready_to_confirm")
    assert "apples" in events(ana, path)[-1]["payload"]["replaced"]["content"]


@pytest.mark.long
def test_a_note_that_is_retried_keeps_its_long_text(ana, enrich, owner):
    new = {"source_type": "note", "raw_text": "Oak posts for the fence"}
    path = ana.post("/api/items", json=new).headers["Location"]
    owner.execute("UPDATE items SET content = 'The whole text', author = 'Ana'")
    enrich()
    item = ana.get(path).json
    assert (item["content"], item["author"]) == ("The whole text", "Ana")


@pytest.mark.long
def test_a_worker_that_ends_at_the_same_time_and_a_request_do_not_wait_in_a_circle(
    ana, site, link, owner, database
):
    ana.post(f"{link}/fetch")
    with database.connect() as other, ThreadPoolExecutor(1) as threads:
        with other.transaction():
            # As a worker does that saves its result.
            other.execute("SELECT FROM outbox FOR UPDATE")
            asked = threads.submit(ana.post, f"{link}/fetch")
            eventually(lambda: waits(owner, other.info.backend_pid))
            other.execute("UPDATE items SET updated_at = now()")
        assert asked.result(timeout=60).status_code == 200


def waits(conn, pid):
    """Whether somebody waits for a connection."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    return conn.execute(query, (pid,)).fetchone() != (0,)
