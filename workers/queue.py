"""Show the queue and its workers, and pause, resume or run work.

READY is due and waiting for a worker; WAITING is due later, after a delay or a failed attempt;
IN-FLIGHT is held by a worker.
"""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from sql import queries
from workers.terminal import operators
from workers.terminal.command import SOME_FAILED
from workers.terminal.operators import plain, span
from workers.terminal.reasons import why
from workers.work import KindName, known_kinds, unknown_kind

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

# Minutes by the clock over which what was done is counted, the present one included.
WINDOW: Final = 5

# Seconds between two looks of `status --watch`.
EVERY: Final = 2.0

# Characters of a reason in the list.
MOST_WHY: Final = 80

# The statuses of work, as they are asked for and as they are called in JSON.
_STATUSES: Final = {"ready": "ready", "waiting": "waiting", "in-flight": "in_flight"}

# Seconds after which a worker that was not seen is marked: it says so every ten.
SILENCE: Final = 30.0


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
@click.option("--watch", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
def status(*, as_json: bool, watch: bool) -> None:
    """Show how much work of each kind is ready, waiting, in flight and dead.

    OLDEST is how long the first ready row has been due. DONE/MIN and FAILING, the share of attempts
    that failed, cover the last five minutes by the clock, including the current one.
    """
    with operators.connection() as conn:
        try:
            while True:
                with operators.reading(conn):
                    found = _status(conn)
                if watch and not as_json:
                    click.clear()
                operators.print_json(found) if as_json else click.echo(_status_text(found))
                if not watch:
                    return
                time.sleep(EVERY)
        except KeyboardInterrupt:
            if not watch:
                raise


def _status(conn: Connection) -> dict[str, Any]:
    rows = queries.outbox.status(conn, kinds=list(known_kinds()), minutes=WINDOW)
    since, seconds = rows[0]["counted_since"], rows[0]["counted_seconds"]
    for row in rows:
        del row["counted_since"], row["counted_seconds"]
        attempts = row["finished"] + row["failed"]
        row["finished_per_minute"] = round(row["finished"] * 60 / seconds, 2)
        row["failing_rate"] = round(row["failed"] / attempts, 4) if attempts else None
        row["is_paused"] = row["paused_seconds"] is not None
    return {"counted_since": since, "counted_seconds": seconds, "kinds": rows}


def _status_text(found: dict[str, Any]) -> str:
    rows = found["kinds"]
    heads = "KIND >READY >OLDEST >WAITING >IN-FLIGHT >DEAD >DONE/MIN >FAILING PAUSED".split()
    lines = [operators.table(heads, [_status_cells(row) for row in rows]), ""]
    if not any(row["ready"] + row["waiting"] + row["in_flight"] for row in rows):
        lines.append("Nothing is queued.")
    since = f"since {found['counted_since']:%H:%M} UTC"
    lines.append(f"DONE/MIN and FAILING cover the last {WINDOW} minutes, {since}.")
    return "\n".join(lines)


def _status_cells(row: dict[str, Any]) -> list[str]:
    speed, failing = row["finished_per_minute"], row["failing_rate"]
    return [
        row["kind"],
        f"{row['ready']:,}",
        span(row["oldest_ready_seconds"]),
        f"{row['waiting']:,}",
        f"{row['in_flight']:,}",
        f"{row['dead_letters']:,}",
        f"{speed:,.1f}" if 0 < speed < 10 else f"{speed:,.0f}",
        "-" if failing is None else f"{failing:.1%}",
        f"for {span(row['paused_seconds'])}" if row["is_paused"] else "",
    ]


@command.command("list")
@click.option("--kind", help="Only work of this kind.")
@click.option("--status", type=click.Choice(list(_STATUSES)), help="Only work in this status.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def list_work(*, kind: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """Show the queued work, longest due first, and why it waits.

    AGE is how long it has been queued. DUE is when a worker may start it; for work in flight, when
    another worker may take it over. ATTEMPTS includes the current one.
    """
    kinds = None if kind is None else [kind.replace("-", "_")]
    with operators.connection() as conn, operators.reading(conn):
        found = queries.outbox.list(
            conn,
            kinds=kinds,
            statuses=[_STATUSES[status]] if status else list(_STATUSES.values()),
            limit=limit + 1,
            silence=timedelta(seconds=SILENCE),
        )
    has_more, found = len(found) > limit, found[:limit]
    known = known_kinds()
    for row in found:
        row["why"] = why(row, is_known=row["kind"] in known)
    if as_json:
        operators.print_json({"work": found, "has_more": has_more})
    elif found:
        heads = "KIND SUBJECT STATUS >AGE >DUE >ATTEMPTS WHY".split()
        click.echo(operators.table(heads, [_work_cells(row) for row in found]))
        if has_more:
            click.echo(f"\nThere are more than these {limit:,}; --limit shows more.")
    elif kinds is not None and kinds[0] not in known:
        raise unknown_kind(kinds[0])
    else:
        click.echo("No such work is queued." if kind or status else "Nothing is queued.")


def _work_cells(row: dict[str, Any]) -> list[str]:
    due_in = row["due_in_seconds"]
    return [
        row["kind"],
        str(row["subject_id"]),
        row["status"].replace("_", "-"),
        span(row["age_seconds"]),
        f"in {span(due_in)}" if due_in > 0 else f"{span(-due_in)} ago",
        str(row["attempts"]),
        plain(row["why"], most=MOST_WHY),
    ]


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def workers(*, as_json: bool) -> None:
    """Show the running workers, and how many rows each holds.

    A worker not seen for more than half a minute is marked. It hangs or has died; what it holds
    returns to the queue when its leases expire.
    """
    with operators.connection() as conn, operators.reading(conn):
        rows = queries.workers.list(conn)
    for row in rows:
        row["is_silent"] = row["seen_seconds_ago"] > SILENCE
    if as_json:
        operators.print_json({"workers": rows})
    elif rows:
        heads = "WORKER HOST >PID >UP >SEEN >HOLDS KINDS".split()
        click.echo(operators.table(heads, [_worker_cells(row) for row in rows]))
        if silent := sum(row["is_silent"] for row in rows):
            click.echo(f"\n! Not seen for more than {SILENCE:.0f} s: {silent:,}.")
    else:
        click.echo("No worker is running.")


def _worker_cells(row: dict[str, Any]) -> list[str]:
    return [
        str(row["id"]),
        row["host"],
        str(row["pid"]),
        span(row["up_seconds"]),
        f"{'! ' if row['is_silent'] else ''}{span(row['seen_seconds_ago'])} ago",
        f"{row['holds']:,}",
        ", ".join(row["kinds"]),
    ]


@command.command()
@click.argument("kind", type=KindName())
def pause(kind: str) -> None:
    """Stop workers from starting work of a kind.

    It takes effect at once, for all workers, until the kind is resumed. Running work is finished,
    and queued work waits.
    """
    with operators.connection() as conn:
        paused = queries.paused_kinds.pause(conn, kind=kind)
    click.echo(f"{kind} is paused" if paused else f"{kind} was already paused")


@command.command()
@click.argument("kind")
def resume(kind: str) -> None:
    """Let workers start work of a paused kind again, and wake idle ones."""
    kind = kind.replace("-", "_")
    with operators.connection() as conn:
        # A kind that no longer exists may still be paused.
        resumed = queries.paused_kinds.resume(conn, kind=kind)
    if not resumed and kind not in known_kinds():
        raise unknown_kind(kind)
    click.echo(f"{kind} is resumed" if resumed else f"{kind} was not paused")


@command.command()
@click.argument("kind", type=KindName())
@click.argument("subject_id", type=click.UUID)
def run(kind: str, subject_id: UUID) -> None:
    """Work on one row now, here, whether it is due or not.

    This works for a paused kind too: to see what goes wrong, pause it and run one row by hand. The
    attempt counts. Exits with 0 if the work was done, 3 if the attempt failed or the work was given
    up, 1 if there was nothing to work on.
    """
    from webapp import settings
    from webapp.telemetry import logs
    from workers.engine.loop import Worker

    loaded = settings.load()
    logs.configure(loaded)
    # So that the row is given back, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    worker = Worker([known_kinds()[kind]], loaded, concurrency=1)
    try:
        found = worker.work_on(kind, subject_id)
    finally:
        worker.close()
    if not found:
        with operators.connection() as conn:
            raise click.ClickException(_why_not(conn, kind, subject_id))
    (ended,) = (how for how, number in worker.counts.items() if number)
    click.echo(_ENDS[ended])
    if ended == "dead":
        with operators.connection() as conn:
            letter = queries.dead_letters.find(conn, kind=kind, subject_id=subject_id)
        if letter is not None:  # nobody else has retried or discarded it by now
            click.echo(_what_to_do(letter["id"]))
    if ended not in ("finished", "again", "dropped"):
        raise click.exceptions.Exit(SOME_FAILED)


_ENDS: Final = {
    "finished": "done",
    "again": "done as far as it goes; it is queued again",
    "dropped": "nothing was done: the row no longer needs it",
    "failed": "the attempt failed and will be retried",
    "dead": "the attempt failed, and the work was given up",
    "lost": "nothing was written: another worker has it now",
    "held": "nothing was written: another transaction holds the row; it will be retried soon",
}


def _what_to_do(letter_id: int) -> str:
    show, retry = f"`coffer dead show {letter_id}`", f"`coffer dead retry {letter_id}`"
    return f"{show} has the error, {retry} tries again"


def _why_not(conn: Connection, kind: str, subject_id: UUID) -> str:
    work = queries.outbox.get(conn, kind=kind, subject_id=subject_id)
    if work is None:
        letter = queries.dead_letters.find(conn, kind=kind, subject_id=subject_id)
        given_up = f"; it was given up: {_what_to_do(letter['id'])}" if letter else ""
        return f"no {kind} is queued for {subject_id}{given_up}"
    if not work["is_held"]:
        return "another worker has just released it: try again"
    holder = queries.workers.find(conn, id=work["claimed_by"])
    place = f"on {holder['host']}, process {holder['pid']}, " if holder else ""
    until = f"{work['run_after']:%H:%M:%S} UTC"
    return f"worker {work['claimed_by']} {place}holds it until {until}"


if __name__ == "__main__":
    command()
