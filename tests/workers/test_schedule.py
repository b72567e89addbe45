"""`coffer schedule`: what operators see and change of recurring work."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.conftest import coffer
from webapp.telemetry import logs
from workers.clock import fire_due

KIND = "prune_events"


@pytest.fixture
def schedule(database, monkeypatch, owner):
    """Runs one of the commands; the schedules are as they were afterwards."""
    monkeypatch.setattr(logs, "configure", lambda settings: None)
    before = owner.execute("SELECT kind, cron, late FROM schedules").fetchall()
    owner.execute("UPDATE schedules SET next_run_at = now() + '1 day', last_run_at = NULL")
    yield lambda *given: coffer("schedule", *given, DATABASE_URL=database.url)
    owner.execute("UPDATE schedules SET next_run_at = now(), paused_at = NULL")
    for kind, cron, late in before:
        owner.execute(
            "UPDATE schedules SET cron = %s, late = %s WHERE kind = %s", (cron, late, kind)
        )


def listed(schedule, kind=KIND):
    (row,) = (
        row
        for row in json.loads(schedule("list", "--json").stdout)["schedules"]
        if row["kind"] == kind
    )
    return row


def queued(owner):
    return owner.execute("SELECT kind FROM outbox").fetchall()


def make_due(owner):
    owner.execute("UPDATE schedules SET next_run_at = now() WHERE kind = %s", (KIND,))


@pytest.mark.long
def test_a_schedule_shows_when_it_fired_and_that_its_work_is_queued(schedule, owner, app_conn):
    before = listed(schedule)
    assert before["last_run_at"] is None
    assert not before["is_queued"]
    make_due(owner)
    fire_due(app_conn)
    after = listed(schedule)
    assert after["last_run_seconds_ago"] >= 0
    assert after["due_in_seconds"] > 0
    assert after["is_queued"]
    (line,) = (each for each in schedule("list").stdout.splitlines() if each.startswith(f"{KIND} "))
    assert line.endswith("queued")


@pytest.mark.long
def test_a_paused_schedule_does_not_fire_and_leaves_out_what_passed(schedule, owner, app_conn):
    assert schedule("pause", "prune-events").stdout == "prune_events is paused\n"
    assert schedule("pause", KIND).stdout == "prune_events was already paused\n"
    make_due(owner)
    assert fire_due(app_conn) == []
    assert "paused for" in schedule("list").stdout
    assert "prune_events is resumed, and fires next at " in schedule("resume", KIND).stdout
    assert schedule("resume", KIND).stdout == "prune_events was not paused\n"
    assert fire_due(app_conn) == []
    assert listed(schedule)["paused_at"] is None
    make_due(owner)
    assert fire_due(app_conn) == [KIND]


@pytest.mark.long
def test_its_work_is_queued_now_but_not_twice(schedule, owner):
    schedule("pause", KIND)
    assert schedule("run", KIND).stdout == "prune_events is queued\n"
    assert schedule("run", KIND).stdout == "prune_events was still queued\n"
    assert queued(owner) == [(KIND,)]


@pytest.mark.long
def test_another_time_and_policy_take_effect_at_once(schedule):
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    cron = f"{in_an_hour.minute} {in_an_hour.hour} * * *"
    assert schedule("change", KIND, cron, "--late", "skip").exit_code == 0
    row = listed(schedule)
    assert (row["cron"], row["late"]) == (cron, "skip")
    assert 0 < row["due_in_seconds"] <= 3600


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["pause", "nothing"], "there is no schedule of nothing: `coffer schedule list` shows all"),
        (["run", "no\x1bthing"], "there is no schedule of no thing"),
        (["change", KIND, "61 * * * *"], "the cron expression '61 * * * *' is wrong"),
        (["change", KIND, "0 0 31 2 *"], "the cron expression '0 0 31 2 *' is wrong: "),
        (["change", KIND, "0 0 3 * * *"], "the cron expression '0 0 3 * * *' is wrong: "),
        (["change", KIND, f"{'1' * 5000} * * * *"], "the cron expression '1111"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_changes(schedule, owner, given, said):
    before = owner.execute("SELECT * FROM schedules ORDER BY id").fetchall()
    answer = schedule(*given)
    assert answer.exit_code == 1
    assert answer.stderr.startswith(f"Error: {said}")
    assert answer.stderr.count("\n") == 1
    assert owner.execute("SELECT * FROM schedules ORDER BY id").fetchall() == before
