"""The clock: each schedule fires once for each of its times, however many clocks run."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cronsim import CronSim

from sql import queries
from workers import clock
from workers.clock import fire_due
from workers.work import KINDS

KIND = "expire_idempotency_keys"


@pytest.fixture
def every_ten():
    """Every ten minutes, but not within four minutes of now: no test takes that long."""
    return f"{(datetime.now(UTC).minute + 5) % 10}-59/10 * * * *"


@pytest.fixture
def due(owner, every_ten):
    """One schedule that was due two hours ago."""
    (usual,) = owner.execute("SELECT cron FROM schedules WHERE kind = %s", (KIND,)).fetchone()
    owner.execute("UPDATE schedules SET next_run_at = now() + interval '1 day'")
    owner.execute(
        "UPDATE schedules SET cron = %s, next_run_at = %s WHERE kind = %s",
        (every_ten, next(CronSim(every_ten, datetime.now(UTC) - timedelta(hours=2))), KIND),
    )
    yield owner
    owner.execute("UPDATE schedules SET late = 'once', next_run_at = now()")
    owner.execute("UPDATE schedules SET cron = %s WHERE kind = %s", (usual, KIND))


def slots(owner):
    rows = owner.execute("SELECT payload ->> 'at' FROM outbox ORDER BY 1").fetchall()
    return [datetime.fromisoformat(at) for (at,) in rows]


def test_a_due_schedule_enqueues_its_work_and_moves_on(due, app_conn, every_ten):
    assert fire_due(app_conn) == [KIND]
    rows = due.execute(
        "SELECT o.kind, s.next_run_at FROM outbox o JOIN schedules s ON s.id = o.subject_id"
    ).fetchall()
    following = next(CronSim(every_ten, datetime.now(UTC)))
    assert rows == [(KIND, following)]


def test_times_that_passed_while_no_clock_ran_fire_once(due, app_conn):
    assert fire_due(app_conn) == [KIND]
    assert fire_due(app_conn) == []


def test_where_each_late_time_counts_each_fires_once(due, app_conn, every_ten):
    due.execute("UPDATE schedules SET late = 'all'")
    (first, asked_at) = due.execute(
        "SELECT next_run_at, now() FROM schedules WHERE kind = %s", (KIND,)
    ).fetchone()
    expected = [first]
    for slot in CronSim(every_ten, first):
        if slot > asked_at:
            break
        expected.append(slot)
    assert fire_due(app_conn) == [KIND] * len(expected)
    assert fire_due(app_conn) == []
    assert slots(due) == expected


def test_where_the_clock_jumps_ahead_the_last_hundred_times_fire(due):
    now = datetime(2026, 3, 1, 12, 20, 30, tzinfo=UTC)
    schedule = {
        "late": "all",
        "cron": "* * * * *",
        "next_run_at": now.replace(year=1996),
        "asked_at": now,
    }
    found, following = clock._slots(schedule)
    assert len(found) == 100
    assert found == sorted(set(found))
    assert (found[0].hour, found[0].minute) == (10, 41)
    assert (found[-1].minute, following.minute) == (20, 21)


def test_times_that_are_left_out_are_said(due, app_conn, logged, monkeypatch):
    monkeypatch.setattr(clock, "_MOST_LATE", 3)
    due.execute("UPDATE schedules SET late = 'all'")
    assert fire_due(app_conn) == [KIND] * 3
    assert fire_due(app_conn) == []
    (line,) = logged
    assert (line["event"], line["kind"]) == ("late_times_left_out", KIND)
    assert line["until"] == slots(due)[0]


@pytest.mark.parametrize(("seconds_late", "fires"), [(0.5, 1), (50, 1), (70, 0)])
def test_where_late_times_are_skipped_only_one_that_just_passed_fires(due, seconds_late, fires):
    slot = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
    schedule = {
        "late": "skip",
        "cron": "*/10 * * * *",
        "next_run_at": slot.replace(hour=10),
        "asked_at": datetime.fromtimestamp(slot.timestamp() + seconds_late, UTC),
    }
    found, following = clock._slots(schedule)
    assert found == [slot] * fires
    assert following == slot.replace(minute=30)


@pytest.mark.long
def test_many_clocks_fire_it_once(due, database):
    def tick(_):
        with database.connect(role="app") as conn:
            return fire_due(conn)

    with ThreadPoolExecutor(8) as threads:
        fired = list(threads.map(tick, range(8)))
    assert sorted(fired) == [[]] * 7 + [[KIND]]
    assert due.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


def test_work_that_is_still_queued_is_not_queued_again(due, app_conn):
    fire_due(app_conn)
    before = due.execute("SELECT enqueued_at FROM outbox").fetchall()
    due.execute("UPDATE schedules SET next_run_at = now() WHERE kind = %s", (KIND,))
    assert fire_due(app_conn) == [KIND]
    assert due.execute("SELECT enqueued_at FROM outbox").fetchall() == before


@pytest.mark.parametrize("cron", ["nonsense", "61 * * * *", "0 0 31 2 *"])
def test_a_schedule_that_cannot_be_read_keeps_no_other_from_firing(due, app_conn, logged, cron):
    due.execute(
        "UPDATE schedules SET cron = %s, next_run_at = now() WHERE kind = 'prune_events'", (cron,)
    )
    try:
        assert fire_due(app_conn) == [KIND]
    finally:
        due.execute("UPDATE schedules SET cron = '23 3 * * *' WHERE kind = 'prune_events'")
    assert [(line["event"], line["cron"]) for line in logged] == [("bad_schedule", cron)]


def test_nothing_fires_before_its_time(owner, app_conn):
    owner.execute("UPDATE schedules SET next_run_at = now() + interval '1 hour'")
    assert fire_due(app_conn) == []
    assert 3000 < queries.schedules.due_in(app_conn) <= 3600


def test_every_schedule_names_a_kind_that_a_worker_has_and_a_valid_cron(owner):
    for kind, cron in owner.execute("SELECT kind, cron FROM schedules"):
        assert kind in {each.name for each in KINDS}
        assert next(CronSim(cron, datetime.now(UTC)))


def test_every_schedule_is_documented(database):
    said = (Path(__file__).parent.parent.parent / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", said, re.MULTILINE))
    with database.connect() as conn:
        kinds = {kind for (kind,) in conn.execute("SELECT kind FROM schedules")}
    assert kinds - documented == set()
