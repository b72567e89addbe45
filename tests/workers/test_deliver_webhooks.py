"""Webhooks are told what happened: signed, until they accept it, and none waits for another."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from tests.webhook_endpoint import endpoint as running_endpoint
from tests.webhook_endpoint import is_signed
from tests.workers.conftest import due_now
from workers import deliver_webhooks as module
from workers.deliver_webhooks import DELAYS, deliver_webhooks
from workers.engine.loop import Worker
from workers.expire_deliveries import expire_deliveries


@pytest.fixture
def endpoint():
    with running_endpoint() as made:
        yield made


@pytest.fixture
def hook(ana, endpoint):
    """A webhook for items at the endpoint."""
    return ana.post("/api/webhooks", json={"url": endpoint.url, "events": ["item.*"]}).json


@pytest.fixture
def path(hook):
    return f"/api/webhooks/{hook['id']}"


@pytest.fixture
def deliver(worker, owner):
    """A round of a worker, with everything due if asked for."""
    delivering = worker(deliver_webhooks)

    def call(*, due=False):
        if due:
            due_now(owner)
        return delivering.round()

    return call


def capture(client, text="Milk"):
    return client.post("/api/items", json={"source_type": "note", "raw_text": text}).json


def delivery(client, path):
    (made,) = client.get(f"{path}/deliveries").json["items"]
    return made


@pytest.mark.long
def test_an_event_is_told_signed_and_without_contents(ana, endpoint, hook, path, deliver):
    item = capture(ana, "A secret recipe")
    deliver()
    (call,) = endpoint.calls
    assert is_signed(hook["secret"], call.headers, call.body)
    assert not is_signed(hook["secret"], call.headers, call.body + b" ")
    made = delivery(ana, path)
    assert call.id == str(made["event_id"])
    assert call.headers["content-type"] == "application/json"
    told = call.json
    assert told["type"] == "item.created"
    assert told["timestamp"].endswith("Z")
    assert (told["data"]["entity"], told["data"]["entity_id"]) == ("item", item["id"])
    assert (told["data"]["from_status"], told["data"]["to_status"]) == (None, "enriching")
    assert told["data"]["id"] == made["event_id"]
    assert "recipe" not in call.body.decode()
    assert (made["status"], made["attempts"], made["response_status"]) == ("delivered", 1, 204)
    (tried,) = made["tries"]
    assert (tried["status"], tried["error"]) == (204, None)
    assert deliver(due=True) == 0


@pytest.mark.long
def test_it_is_told_until_it_accepts_and_shows_each_attempt(ana, endpoint, path, deliver, owner):
    """Case 14: 500, 500, 200; always with the same id and body."""
    endpoint.statuses = [500, 500, 200]
    endpoint.body = b"x" * 5_000
    capture(ana)
    for attempts in (1, 2, 3):
        deliver(due=True)
        made = delivery(ana, path)
        assert made["attempts"] == attempts
        assert made["status"] == ("pending" if attempts < 3 else "delivered")
    assert len(set(endpoint.ids)) == 1
    assert len({call.body for call in endpoint.calls}) == 1
    assert [each["status"] for each in made["tries"]] == [500, 500, 200]
    assert made["response_excerpt"] == "x" * 1_000
    assert deliver(due=True) == 0
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)


@pytest.mark.long
def test_attempts_are_spread_over_two_days_and_then_end(ana, endpoint, path, deliver, owner):
    endpoint.statuses = [400]
    capture(ana)
    waits = []
    for _ in DELAYS:
        deliver(due=True)
        ((wait,),) = owner.execute(
            "SELECT extract(epoch FROM run_after - now())::float FROM outbox WHERE kind = %s",
            (deliver_webhooks.name,),
        ).fetchall()
        waits.append(wait)
    for wait, delay in zip(waits, DELAYS, strict=True):
        assert delay - 10 < wait <= delay * 1.1
    assert 45 < sum(DELAYS) / 3600 < 50
    deliver(due=True)
    assert delivery(ana, path)["status"] == "failed"
    assert len(endpoint.calls) == len(DELAYS) + 1
    assert deliver(due=True) == 0


@pytest.mark.long
def test_one_that_asks_to_wait_is_not_called_before(ana, endpoint, hook, path, deliver, owner):
    endpoint.statuses, endpoint.headers = [429], {"Retry-After": "3600"}
    capture(ana)
    deliver()
    capture(ana)
    rows = owner.execute(
        "SELECT run_after > now() + interval '59 minutes' FROM outbox"
        " WHERE kind = 'deliver_webhooks'"
    ).fetchall()
    assert rows == [(True,), (True,)]
    assert ana.get(path).json["held_until"] is not None
    assert deliver() == 0
    endpoint.statuses = [200]
    deliver(due=True)
    after = ana.get(path).json
    assert (after["held_until"], after["failing_since"]) == (None, None)


@pytest.mark.long
def test_while_one_does_not_answer_what_is_queued_for_it_waits(ana, endpoint, path, deliver, owner):
    endpoint.statuses = [503]
    for _ in range(30):
        capture(ana)
    assert deliver() <= 4
    assert len(endpoint.calls) <= 4
    assert deliver() == 0
    endpoint.statuses = [200]
    due_now(owner)
    while deliver():
        pass
    assert len(set(endpoint.ids)) == 30
    statuses = {each["status"] for each in ana.get(f"{path}/deliveries?limit=100").json["items"]}
    assert statuses == {"delivered"}


@pytest.mark.long
def test_one_that_is_not_there_is_tried_again(ana, deliver):
    """Refused connections too, and without a word about why."""
    path = ana.post("/api/webhooks", json={"url": "http://127.0.0.1:9/"}).headers["Location"]
    capture(ana)
    deliver()
    made = ana.get(f"{path}/deliveries?status=pending").json["items"][0]
    assert made["error"] == "The server does not answer."
    assert made["next_attempt_at"] is not None


@pytest.mark.long
def test_one_that_is_gone_is_paused_and_its_owners_are_told(people, endpoint, deliver, owner):
    olga, max_ = people.person("olga"), people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    olga.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(workspace_id)
    path = olga.client.post("/api/webhooks", json={"url": endpoint.url}).headers["Location"]
    endpoint.statuses = [410]
    deliver()
    shown = olga.client.get(path).json
    assert (shown["status"], shown["pause_reason"]) == ("paused", "gone")
    mails = owner.execute("SELECT template, recipient, details FROM mails").fetchall()
    assert [mail[:2] for mail in mails] == [("webhook_paused", "olga@example.com")]
    assert mails[0][2]["host"] == "127.0.0.1"
    deliver(due=True)
    assert len(endpoint.calls) == 1


@pytest.mark.long
def test_one_that_fails_for_five_days_is_paused(ana, endpoint, path, deliver, owner):
    endpoint.statuses = [500]
    capture(ana)
    deliver()
    assert ana.get(path).json["status"] == "active"
    owner.execute("UPDATE webhooks SET failing_since = now() - interval '121 hours'")
    deliver(due=True)
    shown = ana.get(path).json
    assert (shown["status"], shown["pause_reason"]) == ("paused", "failing")
    deliver(due=True)
    assert delivery(ana, path)["status"] == "skipped"
    assert len(endpoint.calls) == 2
    resumed = ana.patch(path, json={"action": "resume"}).json
    assert (resumed["pause_reason"], resumed["failing_since"]) == (None, None)


@pytest.mark.long
def test_a_redirect_is_not_followed(ana, endpoint, path, deliver):
    with running_endpoint() as inside:
        endpoint.statuses, endpoint.headers = [302], {"Location": inside.url}
        capture(ana)
        deliver()
        assert inside.calls == []
    assert delivery(ana, path)["response_status"] == 302


@pytest.mark.long
def test_where_an_address_leads_is_checked_at_each_call(ana, endpoint, path, settings, owner):
    """However it came to be stored."""
    capture(ana)
    strict = Worker([deliver_webhooks], replace(settings, webhook_allow_loopback=False))
    strict.round()
    strict.close()
    assert endpoint.calls == []
    made = delivery(ana, path)
    assert made["status"] == "pending"
    assert "private or reserved" in made["error"] or "port" in made["error"]


@pytest.mark.long
def test_both_secrets_sign_for_a_day(ana, endpoint, hook, path, deliver, owner):
    new = ana.post(f"{path}/rotate").json["secret"]
    capture(ana)
    deliver()
    owner.execute("UPDATE webhooks SET previous_until = now()")
    capture(ana)
    deliver()
    during, after = endpoint.calls
    assert is_signed(hook["secret"], during.headers, during.body)
    assert is_signed(new, during.headers, during.body)
    assert is_signed(new, after.headers, after.body)
    assert not is_signed(hook["secret"], after.headers, after.body)


@pytest.mark.long
def test_a_replay_keeps_the_id_and_the_body(ana, endpoint, path, deliver):
    capture(ana)
    deliver()
    made = delivery(ana, path)
    again = ana.post(f"{path}/deliveries/{made['id']}/replay")
    assert (again.status_code, again.json["status"], again.json["attempts"]) == (202, "pending", 0)
    deliver()
    first, second = endpoint.calls
    assert (first.id, first.body) == (second.id, second.body)
    assert len(delivery(ana, path)["tries"]) == 2


@pytest.mark.long
def test_secrets_move_to_the_new_secret_key(ana, endpoint, hook, settings, owner, deliver):
    capture(ana)
    key = {"secret_key": "another secret of 32 characters or more", "secret_keys_former": ()}
    for former in ((settings.secret_key,), ()):
        renewing = Worker(
            [deliver_webhooks], replace(settings, **key | {"secret_keys_former": former})
        )
        renewing.round()
        renewing.close()
        capture(ana)
    assert [is_signed(hook["secret"], each.headers, each.body) for each in endpoint.calls] == [
        True,
        True,
    ]
    deliver(due=True)  # with the old key alone
    (error,) = owner.execute(
        "SELECT error FROM webhook_deliveries WHERE status = 'failed'"
    ).fetchone()
    assert "give it a new one" in error


@pytest.mark.long
def test_one_that_hangs_slows_no_other(ana, endpoint, worker):
    """Its calls wait in a few threads, while all the others' are made."""
    released = threading.Event()
    with running_endpoint() as hanging:
        hanging.before = lambda: released.wait(20)
        for url in (hanging.url, endpoint.url):
            ana.post("/api/webhooks", json={"url": url, "events": ["item.*"]})
        for _ in range(40):
            capture(ana)
        delivering = worker(deliver_webhooks)
        deadline = time.monotonic() + 10
        while len(endpoint.calls) < 40:
            assert time.monotonic() < deadline
            delivering.claim()
            delivering.finish(0.02)
        assert len(hanging.calls) == module._OF_NEW
        released.set()
        delivering.round()


@pytest.mark.long
def test_what_ended_long_ago_is_forgotten(ana, endpoint, path, deliver, worker, owner):
    capture(ana)
    deliver()
    capture(ana)
    owner.execute("UPDATE webhook_deliveries SET ended_at = ended_at - interval '31 days'")
    owner.execute("INSERT INTO outbox (kind, subject_id) VALUES ('expire_deliveries', uuidv7())")
    worker(expire_deliveries).round()
    assert delivery(ana, path)["status"] == "pending"
