"""Work for tests: kinds of work that leave effects in a table, and rows to work on."""

from __future__ import annotations

import uuid

import pytest

from tests.workers.test_cli import coffer
from webapp.telemetry import logs
from workers import work
from workers.engine.job import NO_WORKSPACE
from workers.engine.kind import Kind

KIND = "count"
HOLDER = uuid.uuid4()


@pytest.fixture
def effects(owner):
    """A table whose rows are what finished work has left; call it to get them."""
    owner.execute("CREATE TABLE effects (subject_id uuid, result text)")
    owner.execute("GRANT SELECT, INSERT ON effects TO PUBLIC")
    yield lambda: owner.execute("SELECT result FROM effects ORDER BY result").fetchall()
    owner.execute("DROP TABLE effects")


def save(conn, job, result):
    conn.execute("INSERT INTO effects VALUES (%s, %s)", (job.subject_id, result))
    return True


def give_up(conn, job, error):
    conn.execute("INSERT INTO effects VALUES (%s, %s)", (job.subject_id, f"gave up: {error}"))


def kind_of(call, /, **declared):
    """A kind whose work, unless declared otherwise, is a call with the row's number."""
    plain = {
        "name": KIND,
        "load": lambda conn, jobs: {job.subject_id: job.payload["number"] for job in jobs},
        "work": lambda number, clients: call(number),
        "save": save,
        "give_up": give_up,
        "delays": (0, 30, 300),
        "jitter": 0,
        "lease": 60,
    }
    return Kind(**plain | declared)


def enqueue(owner, *numbers, kind=KIND, workspace=NO_WORKSPACE):
    for number in numbers:
        owner.execute(
            "INSERT INTO outbox (kind, subject_id, workspace_id, payload, request_id)"
            " VALUES (%s, %s, %s, jsonb_build_object('number', %s::int), %s)",
            (kind, uuid.uuid4(), workspace, number, f"request-{number}"),
        )


def outbox(owner):
    """For each row: attempts, whether it is claimed, seconds until it is due, and the error.

    The seconds are rounded up to a multiple of 15, so that it does not matter how long a test
    takes. They are counted from when the row is read: now() may be from before a worker moved it.
    """
    return owner.execute(
        "SELECT attempts, claim IS NOT NULL,"
        " greatest(0, ceil(extract(epoch FROM run_after - clock_timestamp()) / 15)::int * 15),"
        " last_error"
        " FROM outbox ORDER BY (payload ->> 'number')::int"
    ).fetchall()


def due_now(owner):
    """Let every lease and every delay end."""
    owner.execute("UPDATE outbox SET run_after = now()")


def dead(owner):
    return owner.execute("SELECT attempts, error, request_id FROM dead_letters").fetchall()


@pytest.fixture
def queue(database, monkeypatch, logged):
    """Runs one of the commands, with a single kind of work; the log is captured."""
    monkeypatch.setattr(work, "KINDS", (kind_of(str),))
    monkeypatch.setattr(logs, "configure", lambda settings: None)
    return lambda *arguments: coffer("queue", *map(str, arguments), DATABASE_URL=database.url)


def hold(owner, *, lease, by=HOLDER):
    """Claim everything in the outbox until that many seconds from now."""
    owner.execute(
        "UPDATE outbox SET claim = 7, claimed_by = %s, run_after = now() + %s * interval '1 s'",
        (by, lease),
    )


def live(owner, *, seen=1):
    """Make the holder a worker that was seen some seconds ago."""
    owner.execute(
        "INSERT INTO workers (id, host, pid, kinds, started_at, last_seen_at) VALUES"
        " (%s, 'here', 4711, ARRAY[%s], now() - interval '2 hours', now() - %s * interval '1 s')",
        (HOLDER, KIND, seen),
    )
