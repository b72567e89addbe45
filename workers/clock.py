"""Fire the schedules: put their work into the outbox when it is time.

Any number of clocks may run. A schedule fires once for each of its times, since a clock holds the
row while it fires; times that passed while no clock ran are made up for by one fire, not by each.
"""

# W6.

from __future__ import annotations

import signal
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click
import psycopg
import structlog

from sql import queries
from sql.connection import connect
from workers.command import Command

if TYPE_CHECKING:
    from sql.connection import Connection

log = structlog.get_logger("workers.clock")

# Seconds until the clock looks again at the latest, for schedules that changed meanwhile.
_LONGEST_SLEEP = 30.0


def fire_due(conn: Connection) -> list[str]:
    """Fire what is due, in one transaction; return the kinds."""
    from cronsim import CronSim

    with conn.transaction():
        due = queries.schedules.claim_due(conn)
        for schedule in due:
            following = next(CronSim(schedule["cron"], datetime.now(UTC)))
            queries.schedules.fire(conn, id=schedule["id"], next_run_at=following)
    return [schedule["kind"] for schedule in due]


def run(url: str) -> None:
    """Fire schedules until SIGTERM or SIGINT. A database that is lost is waited for.

    Raises psycopg.OperationalError where it cannot be reached at the start.
    """
    # A queue, because its `put` is safe in a signal handler, which an Event's `set` is not.
    stops: SimpleQueue[None] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stops.put(None))
    conn: Connection | None = connect(url, "coffer clock")
    log.info("clock_started")
    while True:
        sleep = _LONGEST_SLEEP
        try:
            conn = conn or connect(url, "coffer clock")
            for kind in fire_due(conn):
                log.info("fired", kind=kind)
            next_run_at = queries.schedules.next_run_at(conn)
            if next_run_at is not None:
                until = (next_run_at - datetime.now(UTC)).total_seconds()
                sleep = min(max(until, 0.1), _LONGEST_SLEEP)
        except psycopg.OperationalError as error:
            log.warning("database_lost", error=str(error).strip())
            conn = None
            sleep = 1.0
        try:
            stops.get(timeout=sleep)
        except Empty:
            continue
        log.info("clock_stopped")
        return


@click.command(cls=Command, help=__doc__)
@click.option("--once", is_flag=True, help="Fire what is due, then end.")
def command(*, once: bool) -> None:
    from webapp import logs, settings

    loaded = settings.load()
    logs.configure(loaded)
    if once:
        with connect(loaded.database_url, "coffer clock") as conn:
            for kind in fire_due(conn):
                log.info("fired", kind=kind)
        return
    run(loaded.database_url)


if __name__ == "__main__":
    command()
