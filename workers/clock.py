"""Fire the schedules: queue their work when it is due.

Any number of clocks may run. A schedule fires once for each of its times: a clock locks the row
while it fires, and advances it in the transaction that enqueues the work. Times are UTC. For times
that passed while no clock ran, or that the server's clock skipped, the schedule's `late` decides:
fire once, fire for each, or skip them. If the server's clock goes back, what waits is moved back
too.
"""

from __future__ import annotations

import signal
from datetime import timedelta
from itertools import islice, takewhile
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg
import structlog

from sql import queries
from sql.connection import connect, connect_at_start
from workers.engine.outage import Outage
from workers.terminal.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sql.connection import Connection
    from webapp.settings import Settings

log = structlog.get_logger("workers.clock")

# The maximum of seconds until the clock looks again, for schedules that were changed.
_LONGEST_SLEEP: Final = 30.0

# A clock that is this late does not skip a time.
_TOLERANCE: Final = timedelta(minutes=1)

# The most late times that a schedule makes up for, the last ones: after a jump of a day, a schedule
# for every minute must not fire 1,440 times.
_MOST_LATE: Final = 100

# If the server's clock goes back by no more than this, as it does when it is corrected, nothing is
# done: everything waits that much longer.
_CORRECTION: Final = timedelta(minutes=1)

# The minimum time that rows claimed before the server's clock went back stay claimed.
_HELD: Final = timedelta(minutes=10)


def keep_time(conn: Connection) -> None:
    """If the server's clock has gone back since a clock last looked, move what waits in the outbox
    back, and let each schedule fire at its next time from now on.

    Times that occur twice fire twice.
    """
    from cronsim import CronSim, CronSimError

    with conn.transaction():
        noted = queries.schedules.note_time(conn, tolerance=_CORRECTION)
        if noted is None or not noted["went_back"]:
            return
        rows = queries.outbox.set_back(conn, by=noted["went_back"], held=_HELD)
        for schedule in queries.schedules.later(conn):
            try:
                following = next(CronSim(schedule["cron"], schedule["asked_at"]))
            except (CronSimError, StopIteration):  # reported when it is due
                continue
            if following < schedule["next_run_at"]:
                queries.schedules.fire(conn, id=schedule["id"], slots=[], next_run_at=following)
    log.warning("clock_went_back", seconds=noted["went_back"].total_seconds(), rows=rows)


def fire_due(conn: Connection) -> list[str]:
    """Fire what is due, in one transaction; return the kind of each fire."""
    from cronsim import CronSimError

    fired = []
    with conn.transaction():
        for schedule in queries.schedules.claim_due(conn):
            try:
                slots, following = _slots(schedule)
            except (CronSimError, StopIteration):  # not a time of day, or one that never comes
                log.error("bad_schedule", kind=schedule["kind"], cron=schedule["cron"])
                continue
            if schedule["late"] == "all" and slots[0] > schedule["next_run_at"]:
                left_out = {"since": schedule["next_run_at"], "until": slots[0]}
                log.warning("late_times_left_out", kind=schedule["kind"], **left_out)
            queries.schedules.fire(conn, id=schedule["id"], slots=slots, next_run_at=following)
            fired += [schedule["kind"]] * len(slots)
    return fired


def _slots(schedule: dict[str, Any]) -> tuple[list[datetime], datetime]:
    """The times to fire for now, and the first one after."""
    from cronsim import CronSim

    now, first = schedule["asked_at"], schedule["next_run_at"]
    following = next(CronSim(schedule["cron"], now))
    if schedule["late"] == "once":
        return [first], following
    # From the newest on: there may be years since the first.
    passed = CronSim(schedule["cron"], following, reverse=True)
    if schedule["late"] == "skip":
        last = next(passed)
        return ([last] if now - last <= _TOLERANCE else []), following
    newest = islice(takewhile(lambda slot: slot > first, passed), _MOST_LATE)
    return [first, *reversed(list(newest))][-_MOST_LATE:], following


def run(settings: Settings) -> None:
    """Fire schedules until SIGTERM or SIGINT.

    If the database is lost, or is read-only, this waits for it. Raises psycopg.OperationalError if
    it cannot be reached within five seconds of the start.
    """
    # A queue, because its `put` is safe in a signal handler, which an Event's `set` is not.
    stops: SimpleQueue[None] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stops.put(None))
    conn: Connection | None = _connect(settings, connect_at_start)
    outage = Outage(log, lost="database_lost", back="database_back")
    log.info("clock_started")
    while True:
        sleep = _LONGEST_SLEEP
        try:
            conn = conn or _connect(settings)
            keep_time(conn)
            fired = fire_due(conn)
            for kind in fired:
                log.info("fired", kind=kind)
            due_in = queries.schedules.due_in(conn)
            if fired:
                sleep = 0.0  # another may have become due meanwhile
            elif due_in is not None:
                sleep = min(due_in, _LONGEST_SLEEP)
            outage.is_over()
        except psycopg.Error as error:
            # It is down, restarting, read-only, or not migrated: all of that passes.
            sleep = outage.goes_on(error)
            if conn is not None:
                conn.close()
            conn = None
        try:
            stops.get(timeout=sleep)
        except Empty:
            continue
        if conn is not None:
            conn.close()
        log.info("clock_stopped")
        return


def _connect(settings: Settings, how: Callable[..., Connection] = connect) -> Connection:
    return how(settings.database_url, "coffer clock", pooler=settings.database_pooler)


@click.command(cls=Command, help=__doc__)
@click.option("--once", is_flag=True, help="Fire what is due, then exit.")
def command(*, once: bool) -> None:
    from webapp import settings
    from webapp.telemetry import logs

    loaded = settings.load()
    logs.configure(loaded)
    if once:
        with _connect(loaded, connect_at_start) as conn:
            keep_time(conn)
            for kind in fire_due(conn):
                log.info("fired", kind=kind)
        return
    run(loaded)


if __name__ == "__main__":
    command()
