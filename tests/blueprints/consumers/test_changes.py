"""Changes over HTTP: whoever follows them misses nothing, and learns nothing of what is private."""

from __future__ import annotations

import base64
import time
from uuid import uuid4

import psycopg
import pytest

from sql import queries
from tests.blueprints.test_bad_input import assert_problem
from tests.people import People

# The longest that a transaction of another test may hold changes back, in seconds.
PATIENCE = 20.0


def follow(client, since, *, until, **query):
    """The changes after a cursor, page by page, until they are enough; and the cursor after them.

    A transaction that is open anywhere on the server, as in another test, holds them back.
    """
    found = []
    deadline = time.monotonic() + PATIENCE
    while True:
        page = client.get("/api/changes", query_string={"since": since, **query}).json
        found += page["items"]
        since = page["next_cursor"]
        if not page["has_more"]:
            if until(found):
                return found, since
            assert time.monotonic() < deadline, found
            time.sleep(0.02)


def cursor_of(client):
    return client.get("/api/changes?since=now").json["next_cursor"]


def told(changes):
    return [(each["event"], each["entity_id"]) for each in changes]


@pytest.fixture
def since(ana):
    return cursor_of(ana)


@pytest.mark.long
def test_what_happens_is_told_once_in_order_and_without_contents(ana, since):
    item = ana.post("/api/items", json={"source_type": "note", "raw_text": "Milk"}).json
    ana.patch(f"/api/items/{item['id']}", json={"action": "discard"})
    found, after = follow(ana, since, until=lambda found: len(found) == 2)
    assert told(found) == [("item.created", item["id"]), ("item.discarded", item["id"])]
    last = found[-1]
    assert (last["entity"], last["from_status"], last["to_status"]) == (
        *("item", "enriching"),
        "discarded",
    )
    assert last["actor"].startswith("user:")
    assert "payload" not in last
    # Transactions of others move the cursor on, also with nothing to tell.
    assert follow(ana, after, until=lambda _: True)[0] == []


@pytest.mark.long
def test_pages_and_filters_lose_nothing(ana, since, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.consumers.following._MOST_READ", 3)
    ids = [ana.post("/api/me/tasks", json={"title": f"Task {n}"}).json["id"] for n in range(4)]
    ana.post("/api/items", json={"source_type": "note", "raw_text": "Milk"})
    ids += [ana.post("/api/me/tasks", json={"title": "Last"}).json["id"]]

    def all_of(found):
        return len(found) == 5

    found, _ = follow(ana, since, until=all_of, events="task.created,item.confirmed", limit=2)
    assert told(found) == [("task.created", each) for each in ids]
    found, _ = follow(ana, since, until=lambda found: len(found) == 1, events="item.*", limit=1)
    assert [each["event"] for each in found] == ["item.created"]
    found, _ = follow(ana, since, until=lambda found: len(found) == 6, limit=1)
    assert [each["id"] for each in found] == sorted(each["id"] for each in found)


@pytest.mark.long
def test_transactions_that_commit_in_the_other_order_are_both_told(ana, database, since, owner):
    """The first to write is the last to commit: its events have the lower ids."""
    workspace_id = ana.get("/api/workspaces").json["items"][0]["id"]

    def write(conn, name):
        conn.execute(
            "INSERT INTO events (workspace_id, entity, entity_id, event, actor)"
            " VALUES (%s, 'item', %s, %s, 'test')",
            (workspace_id, uuid4(), name),
        )

    with database.connect() as first, database.connect() as second:
        for conn in (first, second):
            conn.autocommit = False
        write(first, "item.first")
        write(second, "item.second")
        second.commit()
        write(first, "item.third")
        before = ana.get("/api/changes", query_string={"since": since}).json
        assert before["items"] == []
        first.commit()
    found, _ = follow(ana, before["next_cursor"], until=lambda found: len(found) == 3)
    assert [each["event"] for each in found] == ["item.first", "item.third", "item.second"]
    ids = [each["id"] for each in found]
    assert ids != sorted(ids)
    again, _ = follow(ana, since, until=lambda found: len(found) == 3)
    assert again == found


@pytest.mark.long
def test_what_is_one_users_alone_is_told_to_them_alone(app, make, owner):
    people = People(app, make, owner)
    olga, max_, sten = (people.person(name) for name in ("olga", "max", "sten"))
    workspace_id = people.workspace(olga, viewer=max_)
    for person in (olga, max_):
        person.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(workspace_id)
    begin = cursor_of(olga.client)
    task = make.task(olga, workspace_id)["id"]
    olga.client.patch(f"/api/me/tasks/{task}/complete", json={"completed": True})
    olga.client.delete(f"/api/me/tasks/{task}")
    queries.requests.identify(make.conn, actor="test", request_id="", traceparent="")
    item = make.item({"id": olga.id, "workspace_id": workspace_id})["id"]
    of_item = ("item.created", str(item))
    own, _ = follow(olga.client, begin, until=lambda found: of_item in told(found))
    assert {event for event, _ in told(own)} == {
        *("task.created", "task.completed", "task.deleted", "item.created"),
    }
    others, _ = follow(max_.client, begin, until=lambda found: of_item in told(found))
    assert told(others) == [of_item]
    strangers, _ = follow(sten.client, cursor_of(sten.client), until=lambda _: True)
    assert strangers == []


def test_a_key_needs_the_scope_and_it_is_enough(app, make, owner):
    people = People(app, make, owner)
    olga = people.person("olga")
    for scopes, status in ((["workspace:items:read"], 403), (["workspace:changes:read"], 200)):
        key = people.key(olga, scopes)[1]
        answer = people.client(X_API_Key=key).get("/api/changes")
        assert answer.status_code == status


@pytest.mark.parametrize(
    "cursor", ["x", "", "eA", "MS4yLjM", "\u00e4", base64.urlsafe_b64encode(b"a.1.2").decode()]
)
def test_what_is_no_cursor_is_told_so(ana, cursor):
    answer = ana.get("/api/changes", query_string={"since": cursor})
    assert_problem(answer, 400, "invalid_cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"events": ""}, "events"),
        ({"events": "document"}, "events"),
        ({"events": "document.read, item.*"}, "events"),
        ({"events": ",".join(["item.*"] * 51)}, "events"),
        ({"cursor": "x"}, "cursor"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(ana, query, field):
    assert_problem(ana.get("/api/changes", query_string=query), 422, "invalid_input", field)


@pytest.mark.long
def test_a_cursor_is_gone_with_what_followed_it(ana, since, owner):
    """Events are pruned, or the database is restored: neither is passed over in silence."""
    ana.post("/api/me/tasks", json={"title": "Old"})
    _, after = follow(ana, since, until=lambda found: len(found) == 1)
    owner.execute("UPDATE events SET occurred_at = now() - interval '40 days'")
    owner.execute("SELECT prune_events(now(), 10)")
    gone = ana.get("/api/changes", query_string={"since": since})
    assert_problem(gone, 410, "cursor_expired")
    assert ana.get("/api/changes", query_string={"since": after}).status_code == 200
    assert ana.get("/api/changes").json["items"] == []
    owner.execute("SELECT restart_changes()")
    restored = ana.get("/api/changes", query_string={"since": after})
    assert_problem(restored, 410, "cursor_expired")


@pytest.mark.long
def test_after_a_restore_what_is_there_and_what_comes_is_told(ana, owner):
    """As if the transactions of before had had higher numbers than any now."""
    ana.post("/api/me/tasks", json={"title": "Before"})
    owner.execute("UPDATE events SET txid = '9000000000000000000'")
    assert ana.get("/api/changes").json["items"] == []
    owner.execute("SELECT restart_changes()")
    ana.post("/api/me/tasks", json={"title": "After"})
    found, _ = follow(ana, None, until=lambda found: len(found) == 2)
    assert [each["event"] for each in found] == ["task.created", "task.created"]


def test_the_app_does_not_move_what_positions_mean(app_conn):
    for statement in ("UPDATE changes_feed SET pruned_to = NULL", "SELECT restart_changes()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_conn.execute(statement)


def test_entities_of_users_are_told_to_nobody_else(owner):
    """A table with a user says so in its transitions, unless all of the workspace see its rows."""
    rows = owner.execute(
        "SELECT DISTINCT entity FROM transitions"
        "  JOIN pg_trigger ON tgfoid::regproc::text IN ('record_transition', 'record_transitions')"
        "   AND encode(tgargs, 'escape') = entity || '\\000'"
        "  JOIN pg_attribute ON attrelid = tgrelid AND attname = 'user_id'"
        " WHERE audience = 'workspace'"
    ).fetchall()
    assert rows == [("import",)]
