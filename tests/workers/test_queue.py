"""`coffer queue`: showing the queue and its workers, and controlling them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sql import queries
from tests.processes import eventually
from tests.workers.conftest import HOLDER, KIND, dead, enqueue, hold, kind_of, live, outbox
from webapp.failure import Failure
from workers import work
from workers.terminal import operators
from workers.terminal.operators import span

COFFER = Path(sys.executable).with_name("coffer")


def by_kind(answer):
    return {row["kind"]: row for row in json.loads(answer.stdout)["kinds"]}


def bury(owner, kind=KIND):
    return owner.execute(
        "INSERT INTO dead_letters (kind, subject_id, workspace_id, payload, attempts, error,"
        " enqueued_at) VALUES (%s, gen_random_uuid(), gen_random_uuid(), '{}', 3, 'no', now())"
        " RETURNING id, subject_id",
        (kind,),
    ).fetchone()


# The queue's state


@pytest.mark.long
def test_each_row_is_counted_in_one_place(queue, owner):
    enqueue(owner, 1, 2, 3)
    hold(owner, lease=60)
    enqueue(owner, 4, 5)
    owner.execute("UPDATE outbox SET run_after = now() + interval '9 h' WHERE claim IS NULL")
    enqueue(owner, 6)
    owner.execute(
        "UPDATE outbox SET run_after = now() - interval '80 s' WHERE payload @> '{\"number\": 1}'"
    )
    bury(owner)
    row = by_kind(queue("status", "--json"))[KIND]
    counted = [row[name] for name in ("ready", "waiting", "in_flight", "dead_letters")]
    assert counted == [2, 2, 2, 1]
    assert 80 <= row["oldest_ready_seconds"] < 140


@pytest.mark.long
def test_what_was_done_counts_for_five_minutes_by_the_clock(queue, owner):
    minute = before = None
    while minute is None or minute != before:  # the minute may end just now
        owner.execute("DELETE FROM work_counts")
        (before,) = owner.execute("SELECT date_trunc('minute', now())").fetchone()
        for minutes, finished, failed in ((0, 30, 5), (4, 15, 10), (5, 1000, 1000)):
            owner.execute(
                "INSERT INTO work_counts VALUES (%s, %s - %s * interval '1 minute', %s, %s)",
                (KIND, before, minutes, finished, failed),
            )
        answer = queue("status", "--json")
        (minute,) = owner.execute("SELECT date_trunc('minute', now())").fetchone()
    found, row = json.loads(answer.stdout), by_kind(answer)[KIND]
    assert 240 <= found["counted_seconds"] <= 305
    assert (row["finished"], row["failed"], row["failing_rate"]) == (45, 15, 0.25)
    per_minute = 45 * 60 / found["counted_seconds"]
    assert row["finished_per_minute"] == pytest.approx(per_minute, abs=0.01)
    assert "25.0%" in queue("status").stdout


def test_kinds_that_no_worker_knows_are_listed_too(queue, owner):
    enqueue(owner, 1, kind="was_queued")
    bury(owner, kind="was_buried")
    owner.execute("INSERT INTO paused_kinds (kind) VALUES ('was_paused')")
    assert list(by_kind(queue("status", "--json"))) == [
        KIND,
        "was_buried",
        "was_paused",
        "was_queued",
    ]


def test_an_empty_queue_reads_well(queue):
    answer = queue("status")
    assert answer.exit_code == 0
    head, row, _, *rest = answer.stdout.splitlines()
    assert head.split()[:3] == ["KIND", "READY", "OLDEST"]
    assert row.split() == [KIND, "0", "-", "0", "0", "0", "0", "-"]
    assert rest[0] == "Nothing is queued."
    assert "the last 5 minutes, since" in rest[1]


@pytest.mark.long
def test_the_table_reads_well(queue, owner):
    owner.execute(
        "INSERT INTO outbox (kind, subject_id, run_after) SELECT %s, gen_random_uuid(),"
        " now() - interval '1 day 2 hours 3 minutes' FROM generate_series(1, 1200)",
        (KIND,),
    )
    queue("pause", KIND)
    row = queue("status").stdout.splitlines()[1]
    assert row.split()[:4] == [KIND, "1,200", "1d", "2h"]
    assert re.search(r"for \d+s$", row)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (0.4, "0s"), (59, "59s"), (61, "1m 1s"), (3600, "1h"), (90_061, "1d 1h")],
)
def test_ages_are_said_in_two_units(seconds, said):
    assert span(seconds) == said


def default_interrupt():
    """Restore what Ctrl-C does by default: a shell that runs tests in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.processes
def test_watching_goes_on_until_ctrl_c_and_ends_cleanly(database):
    watching = subprocess.Popen(
        [COFFER, "queue", "status", "--json", "--watch"],
        env={"DATABASE_URL": database.url, "COFFER_ENV": "test"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=default_interrupt,  # noqa: PLW1509 -- the function takes no lock
    )
    looks = [json.loads(watching.stdout.readline())["counted_seconds"] for _ in range(2)]
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    assert (watching.returncode, said) == (0, "")
    assert len(looks) == 2


@pytest.mark.long
@pytest.mark.parametrize("asked", ["status", "list"])
def test_what_takes_too_long_is_one_plain_line(queue, owner, database, monkeypatch, asked):
    monkeypatch.setattr(operators, "_PATIENCE", "100ms")
    with database.connect() as stands_still, stands_still.transaction(force_rollback=True):
        stands_still.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        answer = queue(asked)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: the database took too long")
    assert len(answer.stderr.splitlines()) == 1


def test_counting_reads_the_outbox_as_often_whatever_the_number_of_kinds(owner, app_conn):
    """The statistics of a long queue may lead to sequential scans."""
    enqueue(owner, *range(20))
    app_conn.execute("SET enable_indexscan = off")
    app_conn.execute("SET enable_indexonlyscan = off")
    app_conn.execute("SET enable_bitmapscan = off")
    try:
        found = app_conn.execute(
            b"EXPLAIN (ANALYZE, FORMAT JSON) " + queries.outbox.status.statement,
            {"kinds": [f"kind_{number}" for number in range(30)], "minutes": 5},
        ).fetchone()
    finally:
        app_conn.execute("RESET ALL")
        app_conn.execute("SET TIME ZONE 'UTC'")
    read = [node for node in nodes(found[0][0]["Plan"]) if node.get("Relation Name") == "outbox"]
    counting = [node for node in read if "run_after" in node["Filter"]]
    assert [node["Actual Loops"] for node in counting] == [1, 1]


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


# Workers


@pytest.mark.long
def test_workers_are_listed_with_what_they_hold(queue, owner):
    live(owner)
    enqueue(owner, 1, 2)
    hold(owner, lease=60)
    enqueue(owner, 3)
    hold_by_nobody_known = "UPDATE outbox SET claim = 8, claimed_by = gen_random_uuid()"
    owner.execute(f"{hold_by_nobody_known} WHERE claim IS NULL")
    (found,) = json.loads(queue("workers", "--json").stdout)["workers"]
    assert (found["id"], found["host"], found["pid"]) == (str(HOLDER), "here", 4711)
    assert (found["kinds"], found["holds"], found["is_silent"]) == ([KIND], 2, False)
    assert 7200 <= found["up_seconds"] < 7260
    head, row = queue("workers").stdout.splitlines()
    assert head.split() == ["WORKER", "HOST", "PID", "UP", "SEEN", "HOLDS", "KINDS"]
    assert row.split()[1:4] == ["here", "4711", "2h"]
    assert "!" not in row


def test_what_a_worker_held_until_its_lease_ended_is_not_held(queue, owner):
    live(owner)
    enqueue(owner, 1)
    hold(owner, lease=-1)
    (found,) = json.loads(queue("workers", "--json").stdout)["workers"]
    assert found["holds"] == 0


@pytest.mark.long
def test_a_worker_that_was_not_seen_for_half_a_minute_is_marked(queue, owner):
    live(owner, seen=95)
    (found,) = json.loads(queue("workers", "--json").stdout)["workers"]
    assert found["is_silent"]
    assert "! 1m 35s ago" in queue("workers").stdout


def test_that_no_worker_runs_is_said(queue):
    assert queue("workers").stdout == "No worker is running.\n"


# Pausing


@pytest.mark.long
def test_no_worker_begins_on_a_paused_kind_until_it_is_resumed(queue, owner, worker, effects):
    enqueue(owner, 1)
    working = worker(kind_of(str))
    assert queue("pause", KIND).stdout == f"{KIND} is paused\n"
    assert working.round() == 0
    assert queue("resume", KIND).stdout == f"{KIND} is resumed\n"
    assert working.round() == 1


@pytest.mark.long
def test_what_was_so_already_is_said(queue, owner):
    assert queue("resume", KIND).stdout == f"{KIND} was not paused\n"
    queue("pause", KIND)
    answer = queue("pause", KIND)
    assert (answer.exit_code, answer.stdout) == (0, f"{KIND} was already paused\n")
    assert owner.execute("SELECT kind FROM paused_kinds").fetchall() == [(KIND,)]


@pytest.mark.long
def test_resuming_wakes_those_who_sleep(queue, database):
    with database.connect() as listening:
        listening.execute("LISTEN coffer_work")
        queue("resume", KIND)
        queue("pause", KIND)
        queue("resume", KIND)
        listening.execute("NOTIFY coffer_work, 'that was all'")
        notes = [note.payload for note in listening.notifies(timeout=60, stop_after=2)]
    assert notes == [KIND, "that was all"]


@pytest.mark.parametrize("asked", [["pause"], ["resume"], ["run", HOLDER]])
def test_an_unknown_kind_is_refused_and_the_known_ones_named(queue, owner, asked):
    answer = queue(asked[0], "nonsense", *asked[1:])
    assert answer.exit_code == 2
    assert f"'nonsense' is not one of {KIND}." in answer.stderr
    assert owner.execute("SELECT count(*) FROM paused_kinds").fetchone() == (0,)


def test_a_paused_kind_that_no_longer_exists_can_be_resumed(queue, owner):
    owner.execute("INSERT INTO paused_kinds (kind) VALUES ('was_paused')")
    assert queue("resume", "was-paused").stdout == "was_paused is resumed\n"


# By hand


@pytest.fixture
def subject(owner):
    """A row that is not due."""
    enqueue(owner, 1)
    return owner.execute(
        "UPDATE outbox SET run_after = now() + interval '1 hour' RETURNING subject_id"
    ).fetchone()[0]


def declare(monkeypatch, call=str, **declared):
    monkeypatch.setattr(work, "KINDS", (kind_of(call, **declared),))


@pytest.mark.long
def test_one_row_is_worked_on_though_not_due_and_its_kind_paused(queue, owner, subject, effects):
    enqueue(owner, 2)
    queue("pause", KIND)
    answer = queue("run", KIND, subject)
    assert (answer.exit_code, answer.stdout) == (0, "done\n")
    assert effects() == [("1",)]
    assert [row[0] for row in outbox(owner)] == [0]
    left = (
        "SELECT FROM pg_stat_activity"
        " WHERE application_name = 'coffer worker' AND datname = current_database()"
    )
    # A backend takes a moment to notice that its client is gone.
    eventually(lambda: not owner.execute(left).rowcount)


def refuse(_):
    raise Failure("the world is closed")


@pytest.mark.long
def test_an_attempt_that_fails_and_work_that_is_given_up_are_an_exit_code(
    queue, owner, subject, effects, monkeypatch
):
    declare(monkeypatch, refuse, delays=(0, 30))
    answer = queue("run", KIND, subject)
    assert (answer.exit_code, answer.stdout) == (3, "the attempt failed and will be retried\n")
    assert outbox(owner) == [(1, False, 30, "the world is closed")]
    answer = queue("run", KIND, subject)
    assert answer.exit_code == 3
    (letter,) = owner.execute("SELECT id FROM dead_letters").fetchone()
    assert "the work was given up" in answer.stdout
    assert f"`coffer dead retry {letter}` tries again" in answer.stdout
    assert dead(owner) == [(2, "the world is closed", "request-1")]


def test_a_row_whose_attempts_are_used_up_is_worked_on_by_hand(queue, owner, subject, effects):
    owner.execute("UPDATE outbox SET attempts = 3, last_error = 'no'")
    answer = queue("run", KIND, subject)
    assert (answer.exit_code, answer.stdout) == (0, "done\n")
    assert effects() == [("1",)]


def test_a_row_that_no_longer_wants_it_is_no_failure(queue, owner, subject, monkeypatch):
    declare(monkeypatch, save=lambda conn, job, result: False)
    answer = queue("run", KIND, subject)
    assert answer.exit_code == 0
    assert "no longer needs it" in answer.stdout
    assert outbox(owner) == []


@pytest.mark.long
def test_that_nothing_is_queued_is_one_plain_line(queue, owner):
    letter, subject_id = bury(owner)
    answer = queue("run", KIND, HOLDER)
    assert (answer.exit_code, answer.stderr) == (1, f"Error: no {KIND} is queued for {HOLDER}\n")
    said = queue("run", KIND, subject_id).stderr
    assert f"it was given up: `coffer dead show {letter}` has the error, " in said
    assert f"`coffer dead retry {letter}` tries again" in said


@pytest.mark.long
def test_that_another_worker_holds_it_is_one_plain_line(queue, owner, subject):
    hold(owner, lease=60)
    answer = queue("run", KIND, subject)
    assert answer.exit_code == 1
    assert f"worker {HOLDER} holds it until " in answer.stderr
    live(owner)
    assert "on here, process 4711, holds it until" in queue("run", KIND, subject).stderr
    assert [row[0] for row in outbox(owner)] == [0]


@pytest.mark.processes
def test_the_log_of_the_work_is_on_the_terminal(database, owner):
    enqueue(owner, 1, kind="expire_idempotency_keys")
    (subject_id,) = owner.execute("SELECT subject_id FROM outbox").fetchone()
    asked = subprocess.run(
        [COFFER, "queue", "run", "expire_idempotency_keys", str(subject_id)],
        env={"DATABASE_URL": database.url, "COFFER_ENV": "test"},
        capture_output=True,
        text=True,
        check=True,
    )
    *log, last = asked.stdout.splitlines()
    assert [json.loads(line)["event"] for line in log] == ["claimed", "removed", "finished"]
    assert last == "done"
