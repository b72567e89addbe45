"""Whose turn it is: fair between workspaces, at the same cost whatever is in the table."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta

import pytest

from sql import queries
from tests.workers.conftest import KIND
from workers.engine import turns
from workers.engine.turns import Turns

WORKER = uuid.uuid4()


@pytest.fixture(autouse=True)
def surveys_at_once(monkeypatch):
    """Survey before each claim, as if at least a quarter of a second passed between claims."""
    monkeypatch.setattr(turns, "_SURVEY_EVERY", 0.0)
    monkeypatch.setattr(turns, "_SHARE_OF_TIME", 0)


def workspace(number):
    return uuid.UUID(int=number)


def enqueue(owner, workspace_id, rows, *, due_in=0.0):
    owner.execute(
        "INSERT INTO outbox (kind, subject_id, workspace_id, run_after)"
        " SELECT %s, gen_random_uuid(), %s, now() + %s FROM generate_series(1, %s)",
        (KIND, workspace_id, timedelta(seconds=due_in), rows),
    )


def claimed(turn, conn, limit):
    """How many rows each workspace got, by its number."""
    jobs = turn.claim(conn, limit=limit, worker=WORKER, lease=60)
    counts = {}
    for job in jobs:
        counts[job.workspace_id.int] = counts.get(job.workspace_id.int, 0) + 1
    return counts


@pytest.mark.long
def test_one_row_does_not_wait_behind_another_workspaces_many(owner, app_conn):
    enqueue(owner, workspace(1), 2000)
    turn = Turns(KIND)
    assert claimed(turn, app_conn, 10) == {1: 10}
    enqueue(owner, workspace(2), 1)
    assert claimed(turn, app_conn, 10).get(2) == 1


def test_each_workspace_gets_an_equal_share(owner, app_conn):
    for number in (1, 2, 3, 4):
        enqueue(owner, workspace(number), 100)
    assert claimed(Turns(KIND), app_conn, 20) == {1: 5, 2: 5, 3: 5, 4: 5}


def test_one_slot_at_a_time_goes_round(owner, app_conn):
    for number in (1, 2, 3):
        enqueue(owner, workspace(number), 5)
    turn = Turns(KIND)
    turn.claim(app_conn, limit=1, worker=WORKER, lease=60)
    got = [claimed(turn, app_conn, 1) for _ in range(6)]
    assert sorted(str(each) for each in got) == sorted(["{1: 1}", "{2: 1}", "{3: 1}"] * 2)


def test_what_one_does_not_need_the_others_get(owner, app_conn):
    enqueue(owner, workspace(1), 2)
    enqueue(owner, workspace(2), 100)
    turn = Turns(KIND)
    got = claimed(turn, app_conn, 20)
    assert got[1] == 2
    assert claimed(turn, app_conn, 20) == {2: 20}


@pytest.mark.parametrize("most", [1, 2, 3, 7, 200])
@pytest.mark.parametrize("due_in", [0.0, -1.0])
def test_every_row_is_claimed_once_however_many_workspaces_one_survey_sees(
    owner, app_conn, monkeypatch, most, due_in
):
    """Also rows due before they were enqueued, behind the place where the ring reads."""
    monkeypatch.setattr(turns, "_MOST", most)
    for number in range(11):
        enqueue(owner, workspace(number * 1000), number % 4 + 1, due_in=due_in)
    enqueue(owner, workspace(5500), 3, due_in=60)
    turn = Turns(KIND)
    total = 0
    while got := claimed(turn, app_conn, 5):
        total += sum(got.values())
    assert total == sum(number % 4 + 1 for number in range(11))
    assert owner.execute("SELECT count(*) FROM outbox WHERE attempts = 1").fetchone() == (total,)
    assert 50 < turn.due_in <= 60


def test_late_and_returned_rows_are_found_behind_the_place_where_the_ring_reads(owner, app_conn):
    enqueue(owner, workspace(1), 100)
    turn = Turns(KIND)
    claimed(turn, app_conn, 10)
    enqueue(owner, workspace(1), 1, due_in=-3600)
    turn.claim(app_conn, limit=1, worker=WORKER, lease=60)
    found = owner.execute(
        "SELECT count(*) FROM outbox WHERE attempts = 0 AND run_after < now() - interval '1 minute'"
    )
    assert found.fetchone() == (0,)


def test_between_surveys_a_claim_reads_only_what_was_not_claimed_before(
    owner, app_conn, monkeypatch
):
    monkeypatch.setattr(turns, "_SURVEY_EVERY", 3600.0)
    asked = []
    claim = queries.outbox.claim

    def watch(conn, **parameters):
        asked.append(parameters["since"])
        return claim(conn, **parameters)

    monkeypatch.setattr(queries.outbox, "claim", watch)
    for _ in range(3):
        enqueue(owner, workspace(1), 10)
        time.sleep(0.005)
    turn = Turns(KIND)
    for _ in range(3):
        claimed(turn, app_conn, 10)
    assert asked[0] <= asked[1] < asked[2]


def test_where_looking_is_expensive_a_turn_that_found_nothing_looks_less_often_until_woken(
    owner, app_conn, monkeypatch
):
    monkeypatch.setattr(turns, "_SHARE_OF_TIME", 50)
    monkeypatch.setattr(turns, "_LONGEST_PAUSE", 3600.0)
    turn = Turns(KIND)
    turn.claimers = 1_000_000
    for _ in range(2):  # a single expensive look could be an accident
        assert claimed(turn, app_conn, 3) == {}
    enqueue(owner, workspace(1), 1)
    assert claimed(turn, app_conn, 3) == {}
    turn.wake()
    assert claimed(turn, app_conn, 3) == {1: 1}


def test_however_dear_it_was_to_look_due_work_waits_no_longer_than_stated(
    owner, app_conn, monkeypatch
):
    monkeypatch.setattr(turns, "_SHARE_OF_TIME", 50)
    monkeypatch.setattr(turns, "_LONGEST_PAUSE", 0.05)
    turn = Turns(KIND)
    turn.claimers = 1_000_000
    for _ in range(2):
        claimed(turn, app_conn, 3)
    enqueue(owner, workspace(1), 1)
    deadline = time.monotonic() + 60
    while claimed(turn, app_conn, 3) != {1: 1}:
        assert time.monotonic() < deadline


@pytest.mark.long
def test_one_look_that_was_slow_is_forgotten(owner, app_conn, monkeypatch):
    monkeypatch.setattr(turns, "_SHARE_OF_TIME", 2)
    look = queries.outbox.survey
    stalls = [0.6]

    def stall(conn, **parameters):
        if stalls:
            conn.execute("SELECT pg_sleep(%s)", (stalls.pop(),))
        return look(conn, **parameters)

    monkeypatch.setattr(queries.outbox, "survey", stall)
    turn = Turns(KIND)
    for _ in range(2):  # the slow one, and the next
        claimed(turn, app_conn, 3)
        enqueue(owner, workspace(1), 1)
        assert claimed(turn, app_conn, 3) == {1: 1}


def test_a_paused_kind_is_not_claimed(owner, app_conn):
    enqueue(owner, workspace(1), 3)
    owner.execute("INSERT INTO paused_kinds (kind) VALUES (%s)", (KIND,))
    turn = Turns(KIND)
    assert claimed(turn, app_conn, 3) == {}
    owner.execute("DELETE FROM paused_kinds")
    assert claimed(turn, app_conn, 3) == {1: 3}


@pytest.fixture
def endless_looking_fails(monkeypatch):
    look, surveys = queries.outbox.survey, []

    def survey(conn, **parameters):
        surveys.append(parameters)
        assert len(surveys) < 20, "it looks again and again"
        return look(conn, **parameters)

    monkeypatch.setattr(queries.outbox, "survey", survey)
    # As in production: what is known already is claimed first.
    monkeypatch.setattr(turns, "_SURVEY_EVERY", 3600.0)


def cut_off(owner):
    """Make all due rows wait to be tried alone."""
    owner.execute("UPDATE outbox SET cut_off = 1")


def paused(owner):
    owner.execute("INSERT INTO paused_kinds (kind) VALUES (%s)", (KIND,))


@pytest.mark.usefixtures("endless_looking_fails")
@pytest.mark.parametrize("set_aside", [cut_off, paused])
@pytest.mark.parametrize("limit", [1, 2, 200])
def test_a_claim_ends_where_due_rows_are_set_aside(owner, app_conn, set_aside, limit):
    """If the limit was less than the workspaces, it used to look again until other work came."""
    for number in (1, 2, 3):
        enqueue(owner, workspace(number), 1)
    set_aside(owner)
    assert claimed(Turns(KIND), app_conn, limit) == {}


@pytest.mark.usefixtures("endless_looking_fails")
@pytest.mark.parametrize("limit", [1, 2, 200])
def test_a_claim_ends_where_others_hold_the_due_rows(owner, app_conn, limit):
    for number in (1, 2, 3):
        enqueue(owner, workspace(number), 1)
    with owner.transaction():
        owner.execute("SELECT FROM outbox FOR UPDATE")
        assert claimed(Turns(KIND), app_conn, limit) == {}


def test_rows_that_were_cut_off_do_not_hide_when_the_next_is_due(owner, app_conn):
    enqueue(owner, workspace(1), 1)
    cut_off(owner)
    enqueue(owner, workspace(1), 1, due_in=300)
    turn = Turns(KIND)
    assert claimed(turn, app_conn, 5) == {}
    assert turn.due_in == pytest.approx(300, abs=60)


def test_an_empty_outbox_says_that_nothing_is_to_come(owner, app_conn):
    turn = Turns(KIND)
    assert claimed(turn, app_conn, 3) == {}
    assert turn.due_in is None


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def plan_of(conn, query, values):
    (plan,) = conn.execute(
        b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query.statement, values
    ).fetchone()
    plan = plan if isinstance(plan, list) else json.loads(plan)
    return list(nodes(plan[0]["Plan"]))


@pytest.mark.long
@pytest.mark.parametrize("statistics", ["none", "of an empty table", "of another distribution"])
def test_the_claim_reads_no_more_than_it_takes_whatever_the_statistics(owner, app_conn, statistics):
    owner.execute("ALTER TABLE outbox SET (autovacuum_enabled = false)")
    try:
        if statistics == "of an empty table":
            owner.execute("VACUUM ANALYZE outbox")
        elif statistics == "of another distribution":
            for number in range(50):
                enqueue(owner, workspace(number), 20, due_in=3600)
            owner.execute("ANALYZE outbox")
        enqueue(owner, workspace(1), 20_000)
        queries.workers.set_up(app_conn)
        read = plan_of(
            app_conn,
            queries.outbox.claim,
            {
                "kind": KIND,
                "workspaces": [workspace(1)],
                "since": [turns._LONG_AGO],
                "share": 100,
                "limit": 100,
                "worker": WORKER,
                "lease": timedelta(seconds=60),
                "takes_over": True,
            },
        )
        scans = {node["Node Type"] for node in read if node.get("Relation Name") == "outbox"}
        assert scans <= {"Index Scan", "Index Only Scan", "Tid Scan", "ModifyTable"}, scans
        found = [node for node in read if node.get("Index Name") == "outbox_due"]
        assert [node["Actual Rows"] for node in found] == [100]
        assert not [node for node in read if node["Node Type"] == "Sort"]
        survey = plan_of(
            app_conn, queries.outbox.survey, {"kind": KIND, "start": workspace(0), "limit": 200}
        )
        assert sum(node["Actual Rows"] for node in survey if "Relation Name" in node) < 500
    finally:
        owner.execute("ALTER TABLE outbox RESET (autovacuum_enabled)")
