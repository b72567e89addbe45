"""Webhooks over HTTP: whoever owns the workspace says who is told what."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from webapp.access.credentials import keyring
from webapp.clients.webhooks.signature import new_secret
from webapp.identity.ids import new_id

HOOK = {"url": "https://example.com/hook"}


def webhook_in(place: Place) -> object:
    """A webhook that is told of nothing there is."""
    webhook_id = new_id()
    sealed = keyring.of(place.people.app).encrypt(f"webhook {webhook_id}", new_secret().encode())
    queries.webhooks.create(
        place.make.conn,
        id=webhook_id,
        workspace_id=place.workspace_id,
        created_by=place.owner.id,
        url="https://127.0.0.1:9/hook",
        description=None,
        events=["nothing.happened"],
        secret=sealed,
        most=1000,  # generated input takes a new one each time
    )
    return webhook_id


def delivery_in(place: Place) -> object:
    """A delivery that failed, so that it can be replayed."""
    row = place.make.conn.execute(
        "INSERT INTO webhook_deliveries (workspace_id, webhook_id, event_id, event)"
        " VALUES (%s, %s, 0, 'nothing.happened') RETURNING id",
        (place.workspace_id, place.made["webhook_id"]),
    ).fetchone()
    place.make.conn.execute("UPDATE webhook_deliveries SET status = 'failed'")
    return row[0]


EXAMPLES = Examples(
    things={"webhook_id": webhook_in, "delivery_id": delivery_in},
    bodies={"webhooks.change": {"description": "x"}},
    unlike_their_method={f"webhooks.{name}" for name in ("list_all", "get", "list_events")},
    # They answer with a secret.
    not_kept={"/api/webhooks", "/api/webhooks/<uuid:webhook_id>/rotate"},
)


@pytest.fixture
def hook(ana):
    """A webhook for everything, as its creation showed it."""
    made = ana.post("/api/webhooks", json=HOOK)
    assert made.status_code == 201, made.json
    return made.json


def test_a_webhook_is_made_shown_changed_and_removed(ana, hook):
    path = f"/api/webhooks/{hook['id']}"
    secret = hook.pop("secret")
    assert secret.startswith("whsec_")
    shown = ana.get(path)
    assert shown.json == hook
    assert (hook["status"], hook["events"]) == ("active", None)
    assert ana.get("/api/webhooks").json["items"] == [hook]
    change = {"events": ["document.*", "item.created"], "description": "Archive"}
    changed = ana.patch(path, json=change).json
    assert changed | {"updated_at": 0} == hook | change | {"updated_at": 0}
    assert ana.delete(path).status_code == 204
    assert ana.get(path).status_code == ana.delete(path).status_code == 404


def test_secrets_are_shown_once_and_stored_encrypted(ana, hook, owner, logged):
    new = ana.post(f"/api/webhooks/{hook['id']}/rotate")
    assert new.status_code == 200
    assert new.json["previous_until"] is not None
    assert new.json["secret"] != hook["secret"]
    stored = owner.execute(
        "SELECT w::text FROM webhooks AS w UNION SELECT e::text FROM events AS e"
    )
    everything = str(stored.fetchall()) + str(logged)
    everything += ana.get("/api/webhooks").text + ana.get(f"/api/webhooks/{hook['id']}").text
    for secret in (hook["secret"], new.json["secret"]):
        assert secret not in everything
        assert secret.removeprefix("whsec_") not in everything


@pytest.mark.long
def test_it_is_paused_and_resumed(ana, hook):
    path = f"/api/webhooks/{hook['id']}"
    assert_problem(ana.patch(path, json={"action": "resume"}), 409, "invalid_state_transition")
    assert ana.patch(path, json={"action": "pause"}).json["status"] == "paused"
    for post in ("test", "replay"):
        body = {"since": "2026-01-01T00:00:00Z"} if post == "replay" else None
        assert_problem(ana.post(f"{path}/{post}", json=body), 409, "webhook_paused")
    assert ana.patch(path, json={"action": "resume"}).json["status"] == "active"
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["webhook.created", "webhook.paused", "webhook.resumed"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "example.com"}, "url"),
        ({"url": "https://me:secret@example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"url": "https://example.com/" + "x" * 2048}, "url"),
        ({"events": []}, "events"),
        ({"events": ["document"]}, "events.0"),
        ({"events": ["item.*"] * 51}, "events"),
        ({"description": "x" * 201}, "description"),
        ({"secret": "whsec_x"}, "secret"),
    ],
    ids=str,
)
def test_wrong_input_is_named(ana, hook, change, field):
    assert_problem(ana.post("/api/webhooks", json=HOOK | change), 422, "invalid_input", field)
    answer = ana.patch(f"/api/webhooks/{hook['id']}", json=change)
    assert_problem(answer, 422, "invalid_input", field)


@pytest.mark.long
def test_only_tests_may_be_at_loopback_and_unencrypted(make_app):
    client = make_app(webhook_allow_loopback=False).test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    for url in ("http://example.com/", "https://127.0.0.1/", "https://[::1]/"):
        assert_problem(client.post("/api/webhooks", json={"url": url}), 422, "invalid_input", "url")


def test_a_workspace_has_a_few(ana, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.consumers.webhooks._MOST", 2)
    answers = [ana.post("/api/webhooks", json=HOOK) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 409]
    assert_problem(answers[-1], 409, "too_many_webhooks")
