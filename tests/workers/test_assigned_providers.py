"""Which AI provider workers ask: the one that is assigned when they claim, without a restart."""

from __future__ import annotations

import io
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.clients.ai.chat_server import GOOD, KEY, chat_server, refusal, says
from workers.classify_documents import classify_documents
from workers.engine.loop import Worker
from workers.enrich_items import enrich_items

NOTE = "The oak posts for the garden fence have to be ordered before Friday."


@pytest.fixture
def servers():
    """Three providers."""
    with ExitStack() as running:
        yield [running.enter_context(chat_server()) for _ in range(3)]


@pytest.fixture
def work(settings, database):
    """Gives what does all that waits, by one worker after another with some settings changed."""
    made = []

    def with_settings(**changes):
        made.append(Worker([enrich_items, classify_documents], replace(settings, **changes)))

        def all_of_it():
            while made[-1].round():
                pass

        return all_of_it

    yield with_settings
    for each in made:
        each.close()


def capture(client):
    answer = client.post("/api/items", json={"source_type": "note", "raw_text": NOTE})
    return answer.headers["Location"]


def own(client):
    found = client.get("/api/workspaces").json["items"]
    return f"/api/workspaces/{found[0]['id']}/ai-provider"


def chat(server, model):
    return {"kind": "chat_completions", "url": server.url, "model": model, "api_key": KEY}


def asked(server):
    """The models that were asked since the last time, and with which keys."""
    found = [(each.body["model"], each.headers.get("Authorization")) for each in server.requests]
    server.requests.clear()
    return found


@pytest.mark.long
def test_what_is_assigned_is_asked_from_the_next_claim_on(people, servers, work, owner):
    settings_one, everybodys, anas = servers
    ada, ana, ben = people.person("ada", admin=True), people.person("ana"), people.person("ben")
    does = work(ai_url=settings_one.url, ai_model="of-settings", ai_key="sk-other")

    def all_capture():
        for person in (ana, ben):
            capture(person.client)
        does()
        return [asked(each) for each in servers]

    with_key = f"Bearer {KEY}"
    assert all_capture() == [[("of-settings", "Bearer sk-other")] * 2, [], []]
    assert ada.client.put("/api/admin/ai-provider", json=chat(everybodys, "all")).status_code == 200
    asked(everybodys)
    assert all_capture() == [[], [("all", with_key)] * 2, []]
    assert ana.client.put(own(ana.client), json=chat(anas, "own")).status_code == 200
    asked(anas)
    assert all_capture() == [[], [("all", with_key)], [("own", with_key)]]
    ana.client.put(own(ana.client), json={"kind": "embedded"})
    assert all_capture() == [[], [("all", with_key)], []]
    ana.client.delete(own(ana.client))
    ada.client.delete("/api/admin/ai-provider")
    assert all_capture() == [[("of-settings", "Bearer sk-other")] * 2, [], []]
    assert owner.execute("SELECT DISTINCT status FROM items").fetchall() == [("ready_to_confirm",)]


@pytest.mark.long
def test_documents_are_classified_by_it_too(ana, servers, work, is_ready):
    ana.put(own(ana), json=chat(servers[0], "m"))
    form = {"file": (io.BytesIO(b"%PDF-1.7\n"), "a.pdf")}
    made = ana.post("/api/documents", data=form, content_type="multipart/form-data").json
    is_ready(made["id"], NOTE)
    work()()
    assert ana.get(f"/api/documents/{made['id']}").json["title"] == GOOD["title"]
    assert servers[0].requests[-1].material["name"] == "a.pdf"


@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "does not accept the key; check its key"), (404, "check its url and its model")],
)
def test_a_failure_says_which_provider_and_what_to_check(ana, servers, work, status, said):
    ana.put(own(ana), json=chat(servers[0], "gpt-9"))
    servers[0].model = lambda request: refusal(status, f"no: {KEY}")
    url = capture(ana)
    work()()
    item = ana.get(url).json
    assert item["status"] == "failed"
    assert said in item["error"]
    assert "It is 'gpt-9' at 127.0.0.1, assigned to this workspace." in item["error"]
    assert KEY not in item["error"]
    # Mended, and retried.
    servers[0].model = lambda request: says(GOOD)
    ana.put(own(ana), json=chat(servers[0], "gpt-5"))
    ana.post(f"{url}/retry")
    work()()
    assert ana.get(url).json["status"] == "ready_to_confirm"


@pytest.mark.long
def test_a_key_is_encrypted_again_after_a_change_of_the_secret_key(
    ana, servers, work, settings, owner
):
    ana.put(own(ana), json=chat(servers[0], "m"))
    newer = {"secret_key": "another secret, also of 32 characters!"}
    capture(ana)
    work(**newer, secret_keys_former=(settings.secret_key,))()
    url = capture(ana)
    work(**newer)()
    assert ana.get(url).json["status"] == "ready_to_confirm"
    assert asked(servers[0]) == [("m", f"Bearer {KEY}")] * 3
    url = capture(ana)
    work(secret_key="a third secret, of 32 characters too!!!!")()
    assert "assign it again" in ana.get(url).json["error"]


@pytest.mark.long
def test_an_address_within_reach_of_the_operator_is_not_called_for_others(
    ana, servers, work, owner
):
    # As if the name led elsewhere than when it was tried.
    ana.put(own(ana), json=chat(servers[0], "m"))
    url = capture(ana)
    work(fetch_allow_loopback=False)()
    assert "must begin with https://" in ana.get(url).json["error"]
    owner.execute("UPDATE ai_providers SET url = 'https://127.0.0.1/v1'")
    url = capture(ana)
    work(fetch_allow_loopback=False)()
    assert "private or reserved network" in ana.get(url).json["error"]
    assert len(servers[0].requests) == 1
