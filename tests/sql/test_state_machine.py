"""The state machine: the database makes only the moves in its table, whoever requests them."""

from __future__ import annotations

from itertools import product

import psycopg
import pytest

from tests.factories import WAYS, Factory

STATUSES = tuple(WAYS)
LISTED = {
    (None, "enriching"): "item.created",
    (None, "confirmed"): "item.created",
    (None, "ready_to_confirm"): "item.created",
    (None, "failed"): "item.created",
    (None, "discarded"): "item.created",
    ("enriching", "ready_to_confirm"): "item.enriched",
    ("enriching", "failed"): "item.failed",
    ("enriching", "discarded"): "item.discarded",
    ("enriching", "confirmed"): "item.confirmed",
    ("ready_to_confirm", "confirmed"): "item.confirmed",
    ("ready_to_confirm", "discarded"): "item.discarded",
    ("ready_to_confirm", "enriching"): "item.refetched",
    ("failed", "enriching"): "item.retried",
    ("failed", "discarded"): "item.discarded",
    ("failed", "confirmed"): "item.confirmed",
    ("confirmed", "discarded"): "item.discarded",
}


def moves(conn, item_id):
    rows = conn.execute(
        "SELECT from_status, to_status, event FROM events WHERE entity_id = %s ORDER BY id",
        (item_id,),
    )
    return rows.fetchall()


def test_the_table_lists_the_moves_of_items(owner):
    rows = owner.execute(
        "SELECT from_status, to_status, event FROM transitions WHERE entity = 'item'"
    )
    assert {(before, after): event for before, after, event in rows} == LISTED


@pytest.mark.parametrize(("before", "after"), [move for move in LISTED if move[0]])
def test_every_listed_move_is_made_and_recorded(make, owner, before, after):
    item = make.item(status=before)
    make.move(item["id"], after)
    assert moves(owner, item["id"])[-1] == (before, after, LISTED[before, after])


@pytest.mark.parametrize(
    ("before", "after"),
    [move for move in product(STATUSES, STATUSES) if move not in LISTED and move[0] != move[1]],
)
@pytest.mark.parametrize("role", ["app_conn", "owner"])
def test_every_unlisted_move_is_refused_for_app_and_owner(make, request, before, after, role):
    conn = request.getfixturevalue(role)
    item = make.item(status=before)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        conn.execute("UPDATE items SET status = %s WHERE id = %s", (after, item["id"]))
    assert refused.value.diag.constraint_name == "transitions"


@pytest.mark.parametrize("status", ["read", "unheard of"])
def test_no_item_is_created_in_a_status_that_is_no_first_one(make, status):
    user = make.user()
    with pytest.raises(psycopg.errors.CheckViolation, match="no item begins as"):
        make.conn.execute(
            "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status)"
            " VALUES (%s, %s, 'note', 'x', %s)",
            (user["workspace_id"], user["id"], status),
        )


# It stands in for the table of any entity: the columns that the state machine reads.
STAND_IN = """
CREATE TABLE stand_in (
  id           uuid NOT NULL DEFAULT uuidv7(),
  workspace_id uuid NOT NULL DEFAULT uuidv7(),
  status       text NOT NULL
);
CALL {follow}('stand_in', '{entity}');
"""


WAYS = ("follow_transitions", "follow_transitions_by_statement")


@pytest.mark.long
@pytest.mark.parametrize("follow", WAYS)
def test_each_entity_makes_the_listed_moves_and_no_others(owner, follow):
    rows = owner.execute("SELECT entity, from_status, to_status FROM transitions").fetchall()
    for entity in {entity for entity, *_ in rows}:
        listed = {(before, after) for of, before, after in rows if of == entity}
        statuses = {status for move in listed for status in move if status}
        with owner.transaction(force_rollback=True):
            owner.execute(STAND_IN.format(entity=entity, follow=follow))
            made = {(None, status) for status in statuses if makes_move(owner, None, status)}
            owner.execute(
                "ALTER TABLE stand_in DISABLE TRIGGER stand_in_are_born_by_the_table_of_transitions"
            )
            made |= {
                move
                for move in product(statuses, statuses)
                if move[0] != move[1] and makes_move(owner, *move)
            }
        assert made == listed, entity


def makes_move(conn, before, after):
    """Whether the stand-in makes a move, which is then undone."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute("INSERT INTO stand_in (status) VALUES (%s)", (before or after,))
            if before is not None:
                conn.execute("UPDATE stand_in SET status = %s", (after,))
    except psycopg.errors.CheckViolation as refused:
        if refused.diag.constraint_name != "transitions":
            raise
        return False
    return True


def test_a_refused_move_tells_the_status_and_what_is_allowed(make):
    item = make.item(status="confirmed")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        make.conn.execute(
            "UPDATE items SET status = next_status('item', status, 'retry') WHERE id = %s",
            (item["id"],),
        )
    assert refused.value.diag.message_primary == "the item is confirmed: retry is not allowed"
    assert '"allowed_actions": ["discard"]' in refused.value.diag.message_detail


def test_one_refused_row_refuses_the_whole_statement(make, owner):
    user = make.user()
    make.item(user, status="ready_to_confirm")
    make.item(user, status="enriching")
    with pytest.raises(psycopg.errors.CheckViolation):
        make.conn.execute("UPDATE items SET status = 'failed'")
    statuses = owner.execute("SELECT status FROM items ORDER BY id").fetchall()
    assert statuses == [("ready_to_confirm",), ("enriching",)]


def test_an_edit_that_leaves_the_status_makes_no_event(make, owner):
    item = make.item()
    make.conn.execute("UPDATE items SET title = 'x', status = status")
    assert [event for *_, event in moves(owner, item["id"])] == ["item.created"]


def test_a_move_is_recorded_in_the_name_of_the_transaction(make, owner):
    item = make.item()
    with make.conn.transaction():
        make.conn.execute(
            "SELECT set_config('coffer.actor', 'user:x', true),"
            " set_config('coffer.request_id', 'r-1', true)"
        )
        make.move(item["id"], "discarded")
    actors = owner.execute("SELECT actor, request_id FROM events ORDER BY id").fetchall()
    assert actors == [("database:coffer_test_app", None), ("user:x", "r-1")]


def test_a_failure_keeps_its_error_in_the_event(make, owner):
    item = make.item()
    make.conn.execute("UPDATE items SET status = 'failed', error = 'No such page.'")
    (payload,) = owner.execute(
        "SELECT payload FROM events WHERE entity_id = %s AND event = 'item.failed'", (item["id"],)
    ).fetchone()
    assert payload == {"error": "No such page."}


def test_entering_a_status_enqueues_its_work_once(make, owner):
    item = make.item()
    make.move(item["id"], "failed")
    make.move(item["id"], "enriching")
    rows = owner.execute("SELECT kind, subject_id, workspace_id FROM outbox").fetchall()
    assert rows == [("enrich_items", item["id"], item["workspace_id"])]


def test_entering_a_status_again_takes_the_work_from_whoever_holds_it(make, owner):
    item = make.item()
    owner.execute(
        "UPDATE outbox SET claim = 7, claimed_by = uuidv7(), attempts = 2,"
        " run_after = now() + interval '1 hour'"
    )
    make.move(item["id"], "failed")
    make.move(item["id"], "enriching")
    rows = owner.execute("SELECT claim, claimed_by, attempts, run_after <= now() FROM outbox")
    assert rows.fetchall() == [(None, None, 0, True)]


@pytest.fixture
def undone(owner):
    """Makes rows as the owner of the schema, whose changes of it end with the test."""
    with owner.transaction(force_rollback=True):
        yield Factory(owner)


def test_work_that_subscribes_to_an_event_is_queued_with_that_of_the_move(undone, owner):
    owner.execute("INSERT INTO subscriptions VALUES ('item.created', 'a'), ('item.failed', 'b')")
    item = undone.item()
    queued = "SELECT kind FROM outbox WHERE subject_id = %s ORDER BY kind"
    assert owner.execute(queued, (item["id"],)).fetchall() == [("a",), ("enrich_items",)]
    owner.execute("DELETE FROM outbox")
    undone.move(item["id"], "failed")
    assert owner.execute(queued, (item["id"],)).fetchall() == [("b",)]


def test_a_move_that_is_not_recorded_is_made_and_writes_no_event(undone, owner):
    owner.execute("UPDATE transitions SET is_recorded = false WHERE event = 'item.failed'")
    item = undone.item()
    undone.move(item["id"], "failed")
    undone.move(item["id"], "enriching")
    assert [event for *_, event in moves(owner, item["id"])] == ["item.created", "item.retried"]


def test_new_work_takes_the_place_of_its_dead_letter(make, owner):
    item = make.item()
    owner.execute(
        "INSERT INTO dead_letters"
        " (kind, subject_id, workspace_id, payload, attempts, error, enqueued_at)"
        " SELECT kind, subject_id, workspace_id, payload, 3, 'gone', enqueued_at FROM outbox"
    )
    make.move(item["id"], "failed")
    make.move(item["id"], "enriching")
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "UPDATE events SET actor = 'nobody'",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM transitions",
        "INSERT INTO transitions (entity, to_status, event) VALUES ('item', 'x', 'item.x')",
        "ALTER TABLE items DISABLE TRIGGER ALL",
        "DROP TABLE items",
        "SET session_replication_role = 'replica'",
    ],
)
def test_the_app_role_changes_neither_the_schema_nor_history(app_conn, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute(statement)


@pytest.mark.parametrize("follow", WAYS)
def test_of_many_rows_each_that_moves_is_recorded_and_starts_its_work(owner, follow):
    with owner.transaction(force_rollback=True):
        owner.execute(STAND_IN.format(entity="token", follow=follow))
        owner.execute("ALTER TABLE stand_in ADD COLUMN token_id integer")
        owner.execute(
            "INSERT INTO stand_in (status, token_id)"
            " SELECT 'detected', n FROM generate_series(1, 3) AS n"
        )
        owner.execute("UPDATE stand_in SET status = 'generating' WHERE token_id > 1")
        owner.execute(
            "UPDATE stand_in SET status = 'detected', token_id = token_id * 10 WHERE token_id < 3"
        )
        events = owner.execute(
            "SELECT event, from_status, payload,"
            "       (SELECT token_id FROM stand_in WHERE id = entity_id)"
            "  FROM events ORDER BY id"
        ).fetchall()
        assert sorted(events[:3], key=str) == [
            ("token.detected", None, {"token_id": 1}, 10),
            ("token.detected", None, {"token_id": 2}, 20),
            ("token.detected", None, {"token_id": 3}, 3),
        ]
        assert sorted(events[3:5], key=str) == [
            ("token.generating", "detected", {}, 20),
            ("token.generating", "detected", {}, 3),
        ]
        assert events[5:] == [("token.put_back", "generating", {}, 20)]
        (queued,) = owner.execute("SELECT count(DISTINCT subject_id) FROM outbox").fetchone()
        assert queued == 3


@pytest.mark.parametrize("follow", WAYS)
def test_one_move_that_is_not_listed_refuses_all_of_a_statement(owner, follow):
    with owner.transaction(force_rollback=True):
        owner.execute(STAND_IN.format(entity="token", follow=follow))
        owner.execute("INSERT INTO stand_in (status) SELECT 'detected' FROM generate_series(1, 3)")
        owner.execute(
            "UPDATE stand_in SET status = 'failed'"
            " WHERE id = (SELECT max(id::text)::uuid FROM stand_in)"
        )
        with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction():
            owner.execute("UPDATE stand_in SET status = 'generating'")
        assert refused.value.diag.constraint_name == "transitions"
        assert "cannot go from failed to generating" in str(refused.value)
