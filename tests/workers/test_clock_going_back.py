"""The server's clock goes back: what waits is set back with it, once, and schedules go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cronsim import CronSim

from tests.workers.conftest import KIND, enqueue, kind_of
from workers.clock import fire_due, keep_time

HOUR = 3600
SCHEDULED = "expire_idempotency_keys"


@pytest.fixture
def goes_back(owner, app_conn):
    """Moves all times ahead, as if the clock had gone back by that many seconds."""
    keep_time(app_conn)

    def go(seconds):
        for table, column in (
            ("outbox", "run_after"),
            ("outbox", "enqueued_at"),
            ("schedules", "next_run_at"),
            ("latest_time", "seen_at"),
        ):
            owner.execute(f"UPDATE {table} SET {column} = {column} + {seconds} * interval '1 s'")

    yield go
    owner.execute("UPDATE schedules SET next_run_at = now()")


def later(owner, number, seconds):
    """Make a row due, or its claim end, that many seconds from now."""
    owner.execute(
        "UPDATE outbox SET run_after = now() + %s * interval '1 s'"
        " WHERE (payload ->> 'number')::int = %s",
        (seconds, number),
    )


def due_in(owner):
    """The seconds until each row is due, rounded to five minutes."""
    found = owner.execute(
        "SELECT round(extract(epoch FROM run_after - now()) / 300)::int * 300"
        " FROM outbox ORDER BY (payload ->> 'number')::int"
    )
    return [seconds for (seconds,) in found]


@pytest.mark.long
def test_what_waits_is_set_back_and_what_is_held_is_held_for_ten_minutes_at_least(
    goes_back, owner, app_conn, worker, effects, logged
):
    enqueue(owner, 1, 2)
    holder = worker(kind_of(str, work=None))
    holder._lines[KIND].claim(holder._conn(), 2)
    later(owner, 2, 2 * HOUR)
    enqueue(owner, 3, 4)
    later(owner, 3, -HOUR)
    later(owner, 4, HOUR)
    goes_back(24 * HOUR)
    keep_time(app_conn)
    assert due_in(owner) == [600, 2 * HOUR, -HOUR, HOUR]
    assert owner.execute("SELECT FROM outbox WHERE enqueued_at > now()").fetchall() == []
    (line,) = [line for line in logged if line["event"] == "clock_went_back"]
    assert (round(line["seconds"] / HOUR), line["rows"]) == (24, 4)
    keep_time(app_conn)
    assert due_in(owner) == [600, 2 * HOUR, -HOUR, HOUR]
    assert worker(kind_of(str)).round() == 1
    assert effects() == [("3",)]


def test_what_was_claimed_since_is_held_as_long_as_before(goes_back, owner, app_conn, worker):
    goes_back(24 * HOUR)
    enqueue(owner, 1)
    holder = worker(kind_of(str, work=None))
    holder._lines[KIND].claim(holder._conn(), 1)
    keep_time(app_conn)
    assert due_in(owner) == [0]


def test_schedules_fire_at_their_next_time(goes_back, owner, app_conn):
    owner.execute("UPDATE schedules SET next_run_at = now()")
    fire_due(app_conn)
    goes_back(24 * HOUR)
    before = datetime.now(UTC)
    keep_time(app_conn)
    (found,) = owner.execute("SELECT next_run_at FROM schedules WHERE kind = %s", (SCHEDULED,))
    # One of its times may pass while this runs.
    following = {next(CronSim("*/10 * * * *", moment)) for moment in (before, datetime.now(UTC))}
    assert following.issuperset(found)


def test_a_schedule_that_cannot_be_read_keeps_no_other_from_it(goes_back, owner, app_conn):
    owner.execute("UPDATE schedules SET cron = 'nonsense' WHERE kind = 'prune_events'")
    try:
        goes_back(24 * HOUR)
        keep_time(app_conn)
    finally:
        owner.execute("UPDATE schedules SET cron = '23 3 * * *' WHERE kind = 'prune_events'")
    ahead = "SELECT kind FROM schedules WHERE next_run_at > now() + interval '1 day'"
    assert owner.execute(ahead).fetchall() == []


def test_a_correction_changes_nothing(goes_back, owner, app_conn, logged):
    enqueue(owner, 1)
    goes_back(50)
    due_at = owner.execute("SELECT run_after FROM outbox").fetchall()
    keep_time(app_conn)
    assert (owner.execute("SELECT run_after FROM outbox").fetchall(), logged) == (due_at, [])


@pytest.mark.long
def test_many_clocks_set_it_back_once(goes_back, owner, database):
    enqueue(owner, 1)
    later(owner, 1, 30 * HOUR)
    goes_back(24 * HOUR)

    def tick(_):
        with database.connect(role="app") as conn:
            keep_time(conn)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(tick, range(4)))
    assert due_in(owner) == [30 * HOUR]


def test_a_row_that_somebody_holds_is_not_waited_for(goes_back, owner, app_conn, database):
    enqueue(owner, 1, 2)
    goes_back(24 * HOUR)
    with database.connect() as stands_still, stands_still.transaction(force_rollback=True):
        stands_still.execute("SELECT FROM outbox WHERE payload @> '{\"number\": 1}' FOR UPDATE")
        keep_time(app_conn)
    assert due_in(owner) == [24 * HOUR, 0]
