"""The clock: each schedule fires once for each of its times, however many clocks run (W6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cronsim import CronSim

from sql import queries
from workers.clock import fire_due

KIND = "expire_idempotency_keys"


@pytest.fixture
def due(owner):
    owner.execute("UPDATE schedules SET next_run_at = now() - interval '2 hours'")
    return owner


def test_a_due_schedule_enqueues_its_work_and_moves_on(due, app_conn):
    assert fire_due(app_conn) == [KIND]
    rows = due.execute(
        "SELECT o.kind, s.next_run_at FROM outbox o JOIN schedules s ON s.id = o.subject_id"
    ).fetchall()
    following = next(CronSim("*/10 * * * *", datetime.now(UTC)))
    assert rows == [(KIND, following)]


def test_times_that_passed_while_no_clock_ran_fire_once(due, app_conn):
    assert fire_due(app_conn) == [KIND]
    assert fire_due(app_conn) == []


def test_many_clocks_fire_it_once(due, database):
    def clock(_):
        with database.connect(role="app") as conn:
            return fire_due(conn)

    with ThreadPoolExecutor(8) as threads:
        fired = list(threads.map(clock, range(8)))
    assert sorted(fired) == [[]] * 7 + [[KIND]]
    assert due.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


def test_work_that_is_still_queued_is_not_queued_again(due, app_conn):
    fire_due(app_conn)
    (before,) = due.execute("SELECT id FROM outbox").fetchone()
    due.execute("UPDATE schedules SET next_run_at = now()")
    assert fire_due(app_conn) == [KIND]
    assert due.execute("SELECT id FROM outbox").fetchall() == [(before,)]


def test_nothing_fires_before_its_time(owner, app_conn):
    owner.execute("UPDATE schedules SET next_run_at = now() + interval '1 minute'")
    assert fire_due(app_conn) == []
    assert queries.schedules.next_run_at(app_conn) > datetime.now(UTC)


def test_every_schedule_names_a_kind_that_a_worker_has_and_a_cron_that_is_one(owner):
    from workers.work import KINDS

    for kind, cron in owner.execute("SELECT kind, cron FROM schedules"):
        assert kind in {each.name for each in KINDS}
        assert next(CronSim(cron, datetime.now(UTC)))
