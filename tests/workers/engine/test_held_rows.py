"""Rows that somebody else has locked: their work is put back, and nobody waits for them."""

from __future__ import annotations

import threading

import pytest

from tests.workers.conftest import KIND, dead, due_now, enqueue, kind_of, outbox
from webapp.failure import Failure
from workers.engine import outcomes, progress


@pytest.fixture
def counters(owner):
    """A table in which work sets the row of its number to 1; call it to get those numbers."""
    owner.execute("CREATE TABLE counters (number int, value int)")
    owner.execute("GRANT SELECT, UPDATE ON counters TO PUBLIC")
    owner.execute("INSERT INTO counters SELECT n, 0 FROM generate_series(0, 19) AS n")
    yield lambda: [n for (n,) in owner.execute("SELECT number FROM counters WHERE value = 1")]
    owner.execute("DROP TABLE counters")


@pytest.fixture
def hold(database):
    """An idle transaction that holds what a statement locks until the test ends."""
    with database.connect() as conn, conn.transaction(force_rollback=True):
        yield conn.execute


@pytest.fixture(autouse=True)
def long_enough_to_be_seen(monkeypatch):
    monkeypatch.setattr(outcomes, "HELD_FOR", 100.0)


HOLD_SOME = "SELECT FROM counters WHERE number < 12 FOR UPDATE"


def put_back(owner):
    """The numbers of the rows that are due later, not claimed, and without a counted attempt."""
    rows = owner.execute(
        "SELECT (payload ->> 'number')::int FROM outbox WHERE run_after > now() AND attempts = 0"
        " AND claim IS NULL AND last_error LIKE 'Another transaction held the row: %' ORDER BY 1"
    )
    return [number for (number,) in rows]


def count(conn, job, *_):
    conn.execute("UPDATE counters SET value = 1 WHERE number = %s", (job.payload["number"],))
    return True


def refuse(_):
    raise Failure("It was meant to fail.")


@pytest.mark.long
def test_what_somebody_holds_is_put_back_uncharged_and_the_others_are_written(
    worker, owner, counters, hold, logged
):
    enqueue(owner, *range(20))
    hold(HOLD_SOME)
    working = worker(kind_of(str, save=count), concurrency=20)
    assert working.round() == 20
    assert counters() == list(range(12, 20))
    assert put_back(owner) == list(range(12))
    assert dead(owner) == []
    told = [line for line in logged if line["event"] == "held_by_others"]
    assert len(told) == 12
    assert working.counts["held"] == 12


@pytest.mark.long
def test_one_result_alone_is_put_back_too(worker, owner, counters, hold):
    enqueue(owner, 1)
    hold(HOLD_SOME)
    worker(kind_of(str, save=count)).round()
    assert put_back(owner) == [1]


@pytest.mark.long
def test_a_row_that_is_held_at_its_claim_is_not_begun(worker, owner, counters, hold):
    enqueue(owner, 1, 12)
    hold(HOLD_SOME)
    begun = []
    working = worker(kind_of(begun.append, start=count, save=None))
    working.round()
    assert begun == [12]
    assert put_back(owner) == [1]


@pytest.mark.long
@pytest.mark.parametrize("ending", ["put_back", "give_up"])
def test_an_attempt_that_failed_is_put_back_where_its_row_is_held(
    worker, owner, counters, hold, ending
):
    enqueue(owner, 1)
    hold(HOLD_SOME)
    delays = (0, 30) if ending == "put_back" else (0,)
    worker(kind_of(refuse, delays=delays, **{ending: count})).round()
    assert put_back(owner) == [1]
    assert dead(owner) == []


@pytest.mark.long
def test_a_worker_that_stops_gives_back_what_somebody_holds(worker, owner, counters, hold):
    enqueue(owner, 1, 12)
    hold(HOLD_SOME)
    forever = threading.Event()
    stopped = worker(kind_of(lambda _: forever.wait(60), put_back=count), grace=0.05)
    stopped.claim()
    stopped._wind_up()
    assert put_back(owner) == [1]
    assert [row[:2] for row in outbox(owner)] == [(0, False)] * 2
    assert counters() == [12]
    forever.set()


@pytest.mark.long
def test_a_held_row_of_the_queue_keeps_no_other_lease_from_being_extended(
    worker, owner, effects, hold, monkeypatch
):
    monkeypatch.setattr("workers.engine.line._REPORT_EVERY", 0.01)
    enqueue(owner, 1, 2)
    begun = threading.Barrier(3)
    ended = threading.Event()

    def report(number):
        begun.wait(60)
        while not ended.wait(0.01):
            progress.report(number)
        return str(number)

    working = worker(kind_of(report))
    working.claim()
    begun.wait(60)
    hold("SELECT FROM outbox WHERE payload @> '{\"number\": 1}' FOR UPDATE")
    extended = "SELECT FROM outbox WHERE kind = %s AND progress IS NOT NULL"
    while not owner.execute(extended, (KIND,)).rowcount:
        working.finish(working._patience())
    ended.set()


HOLD_THE_FIRST = "SELECT FROM outbox WHERE payload @> '{\"number\": 1}' FOR UPDATE"


@pytest.mark.long
def test_a_held_row_that_was_cut_off_keeps_no_other_waiting(worker, owner, effects, hold):
    enqueue(owner, 1, 2)
    owner.execute("UPDATE outbox SET cut_off = 1")
    hold(HOLD_THE_FIRST)
    working = worker(kind_of(str))
    while working.round():
        pass
    assert effects() == [("2",)]


@pytest.mark.long
def test_one_that_is_held_just_then_is_left_alone(worker, owner, effects, hold, monkeypatch):
    enqueue(owner, 1, 2)
    owner.execute("UPDATE outbox SET cut_off = 1")
    working = worker(kind_of(str))
    find = working._cut_off._next

    def find_and_hold(conn, takes_over):
        found = find(conn, takes_over)
        monkeypatch.undo()
        hold(HOLD_THE_FIRST)
        return found

    monkeypatch.setattr(working._cut_off, "_next", find_and_hold)
    while working.round():
        pass
    assert effects() == [("2",)]


@pytest.mark.long
def test_a_held_row_whose_claim_was_lost_keeps_nobody_waiting(worker, owner, effects, hold):
    enqueue(owner, 1, 2)
    slow = worker(kind_of(str))
    slow.claim()
    due_now(owner)
    other = worker(kind_of(str))
    assert other._lines[KIND].claim(other._conn(), 2).jobs == []  # but it finds the rows
    hold(HOLD_THE_FIRST)
    while slow._in_hand():
        slow.finish(60)
    assert slow.counts["lost"] == 2
    vouched_for = "SELECT (payload ->> 'number')::int, cut_off FROM outbox ORDER BY 1"
    assert owner.execute(vouched_for).fetchall() == [(1, 1), (2, 0)]


@pytest.mark.long
def test_a_held_row_keeps_no_worker_from_coming_back(worker, owner, effects, hold):
    enqueue(owner, 1, 2)
    go_on = threading.Event()
    lived = worker(kind_of(lambda number: go_on.wait(60) and str(number)))
    lived.claim()
    lived._disconnect()
    due_now(owner)
    hold(HOLD_THE_FIRST)
    lived._come_back()
    assert [row[2] for row in outbox(owner)] == [0, 60]
    go_on.set()
