"""What webhooks are told, over HTTP; tests/workers/test_deliver_webhooks.py has how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem

EXAMPLES = Examples(
    bodies={"webhook_deliveries.replay_span": {"since": "2026-01-01T00:00:00Z"}},
    unlike_their_method={f"webhook_deliveries.{name}" for name in ("list_all", "get")},
)


@pytest.fixture
def path(ana):
    made = ana.post("/api/webhooks", json={"url": "https://a.example/", "events": ["item.*"]})
    return made.headers["Location"]


@pytest.fixture
def capture(ana):
    return lambda: ana.post("/api/items", json={"source_type": "note", "raw_text": "Milk"}).json


def deliveries(client, path, **query):
    return client.get(f"{path}/deliveries", query_string=query).json["items"]


@pytest.mark.long
def test_each_event_that_it_names_becomes_one_delivery(ana, path, capture, owner):
    item = capture()
    ana.post("/api/me/tasks", json={"title": "Private"})
    (made,) = deliveries(ana, path)
    assert (made["entity"], made["entity_id"]) == ("item", item["id"])
    assert (made["event"], made["status"], made["attempts"]) == ("item.created", "pending", 0)
    assert made["next_attempt_at"] is not None
    assert ana.get(f"{path}/deliveries/{made['id']}").json == made
    assert deliveries(ana, path, status="failed") == []
    (told,) = owner.execute("SELECT id FROM events WHERE event = 'item.created'").fetchone()
    assert made["event_id"] == told
    ana.delete(path)
    assert owner.execute("SELECT count(*) FROM webhook_deliveries").fetchone() == (0,)


@pytest.mark.long
def test_an_event_that_is_rolled_back_is_told_to_nobody(ana, path, make, owner):
    (workspace_id, created_by) = owner.execute(
        "SELECT workspace_id, created_by FROM webhooks"
    ).fetchone()
    with make.conn.transaction(force_rollback=True):
        make.item({"id": created_by, "workspace_id": workspace_id})
    assert deliveries(ana, path) == []


@pytest.mark.long
def test_what_happens_while_it_is_paused_can_be_sent_later(ana, path, capture):
    ana.patch(path, json={"action": "pause"})
    capture()
    capture()
    assert [each["status"] for each in deliveries(ana, path)] == ["skipped"] * 2
    ana.patch(path, json={"action": "resume"})
    capture()
    now = datetime.now(UTC)
    before = {"since": (now - timedelta(hours=2)).isoformat(), "until": now.isoformat()}
    past = {"since": before["since"], "until": (now - timedelta(hours=1)).isoformat()}
    assert ana.post(f"{path}/replay", json=past).json == {"replayed": 0, "has_more": False}
    assert ana.post(f"{path}/replay", json=before).json == {"replayed": 2, "has_more": False}
    assert [each["status"] for each in deliveries(ana, path)] == ["pending"] * 3


@pytest.mark.long
def test_a_span_is_replayed_in_parts(ana, path, capture, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.consumers.webhook_deliveries._MOST_REPLAYED", 2)
    ana.patch(path, json={"action": "pause"})
    for _ in range(3):
        capture()
    ana.patch(path, json={"action": "resume"})
    span = {"since": "2026-01-01T00:00:00Z"}
    assert ana.post(f"{path}/replay", json=span).json == {"replayed": 2, "has_more": True}
    assert ana.post(f"{path}/replay", json=span).json == {"replayed": 1, "has_more": False}


@pytest.mark.long
def test_what_is_on_its_way_is_not_sent_again(ana, path, capture):
    capture()
    (made,) = deliveries(ana, path)
    answer = ana.post(f"{path}/deliveries/{made['id']}/replay")
    assert_problem(answer, 409, "invalid_state_transition")


def test_a_test_is_told_to_one_webhook_and_in_no_changes(ana, path):
    other = ana.post("/api/webhooks", json={"url": "https://b.example/"}).headers["Location"]
    made = ana.post(f"{path}/test")
    assert made.status_code == 202
    assert made.json["event"] == "webhook.tested"
    assert deliveries(ana, path) == [made.json]
    events = {each["event"] for each in deliveries(ana, other)}
    assert "webhook.tested" not in events
    assert "webhook.tested" not in ana.get("/api/changes").text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
    ],
)
def test_a_span_that_is_none_is_told_so(ana, path, body, field):
    assert_problem(ana.post(f"{path}/replay", json=body), 422, "invalid_input", field)
