"""A worker process with kinds of work whose every effect leaves a trace.

    python -m tests.processes.chaos.worker URL LEASE BEGUN

Nothing but the engine keeps an effect from happening twice: the table has no constraint. Each time
work begins, it adds a line to the file BEGUN, which a crash cannot undo.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import BinaryIO

import click
import structlog
from psycopg.types.json import Jsonb

from sql import queries
from webapp.failure import Failure
from webapp.settings import Settings
from webapp.telemetry import logs
from workers.engine import progress
from workers.engine.kind import Batch, Kind
from workers.engine.loop import Worker
from workers.terminal.command import Command

DELAYS = (0.0, 0.05, 0.05)

# Where each beginning is noted, unbuffered.
begun: BinaryIO


def note(*jobs):
    begun.write("".join(f"{job.kind} {job.subject_id}\n" for job in jobs).encode())


def effect(conn, job, result=None):
    slot = job.payload.get("at")
    conn.execute("INSERT INTO effects VALUES (%s, %s, %s)", (job.kind, job.subject_id, slot))
    return True


def effect_alone(conn, job, result):
    """The effect of work that consists of nothing else."""
    note(job)
    return effect(conn, job)


def wait(job, clients):
    note(job)
    time.sleep(random.uniform(0, 0.02))


def fail_now_and_then(job, clients):
    note(job)
    if random.random() < 0.3:
        raise Failure("It failed, as it does now and then.")


def fail(job, clients):
    note(job)
    raise Failure("It was meant to die.")


def take_long(job, clients):
    note(job)
    for number in range(10):
        progress.report(number, 10)
        time.sleep(0.15)


def together(jobs, clients):
    note(*jobs)
    time.sleep(0.02)
    return [None for _ in jobs]


def move(conn, job, to, *given):
    moved = conn.execute(
        "UPDATE things SET status = %s WHERE id = %s AND status = ANY (%s)",
        (to, job.subject_id, list(given)),
    )
    return bool(moved.rowcount)


def go_on(conn, job, result):
    queries.outbox.enqueue(
        conn,
        kind="second",
        subject_id=job.subject_id,
        workspace_id=job.workspace_id,
        payload=Jsonb({}),
        request_id=None,
        traceparent=None,
        delay=timedelta(0),
    )
    return effect(conn, job)


KINDS = (
    Kind(name="plain", work=wait, save=effect, delays=DELAYS),
    Kind(name="flaky", work=fail_now_and_then, save=effect, delays=DELAYS),
    Kind(name="doomed", work=fail, save=effect, delays=(0, 0.05)),
    Kind(
        name="moving",
        start=lambda conn, job: move(conn, job, "running", "pending", "running"),
        put_back=lambda conn, job: move(conn, job, "pending", "running"),
        work=wait,
        save=lambda conn, job, _: move(conn, job, "done", "running") and effect(conn, job),
        delays=DELAYS,
    ),
    Kind(name="long", work=take_long, save=effect, delays=DELAYS),
    Kind(name="batched", work=together, save=effect, delays=DELAYS, batch=Batch(10, 0.2)),
    Kind(name="first", work=wait, save=go_on, delays=DELAYS),
    Kind(name="second", work=wait, save=effect, delays=DELAYS),
    Kind(name="tick", save=effect_alone, delays=DELAYS),
)


# A command like `coffer work`, so that it ends in the same way if there is no database.
def only_the_start(_, level, event):
    """Drop all lines at INFO except the one that says that the worker has started."""
    if level == "info" and event["event"] != "worker_started":
        raise structlog.DropEvent
    return event


@click.command(cls=Command)
@click.argument("url")
@click.argument("lease", type=float)
@click.argument("begun_file", type=click.File("ab", lazy=False))
def main(url, lease, begun_file):
    global begun  # noqa: PLW0603  # kinds share nothing else within their process
    begun = begun_file.raw
    settings = Settings(
        environment="test",
        database_url=url,
        database_migrate_url=url,
        database_listen_url=url,
        secret_key="a secret for tests only, of 32 characters or more",
        log_level="INFO",
    )
    logs.configure(settings)
    structlog.configure(processors=[only_the_start, *structlog.get_config()["processors"]])
    Worker(KINDS, settings, lease=lease, grace=1.0, every=0.3).run()


if __name__ == "__main__":
    main()
