"""Show the schedules, and pause, resume, change or run them.

A schedule queues its kind of work at the times of its cron expression, in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from sql import queries
from workers.terminal import operators
from workers.terminal.operators import span

if TYPE_CHECKING:
    from datetime import datetime

    from sql.connection import Connection

_POLICIES: Final = ("skip", "once", "all")


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def list_schedules(*, as_json: bool) -> None:
    """Show all schedules: when each fires next and fired last.

    WORK says whether its work is queued or running, and how much was given up: `coffer dead list`
    has the reasons.
    """
    with operators.connection() as conn, operators.reading(conn):
        rows = queries.schedules.list(conn)
    if as_json:
        operators.print_json({"schedules": rows})
    else:
        heads = "KIND CRON LATE NEXT LAST WORK".split()
        click.echo(operators.table(heads, [_cells(row) for row in rows]))


def _cells(row: dict[str, Any]) -> list[str]:
    work = ["queued"] if row["is_queued"] else []
    work += [f"{row['dead_letters']:,} dead"] if row["dead_letters"] else []
    if row["paused_at"] is not None:
        following = f"paused for {span(row['paused_seconds'])}"
    else:
        following = f"in {span(row['due_in_seconds'])}" if row["due_in_seconds"] > 0 else "now"
    last = "-" if row["last_run_at"] is None else f"{span(row['last_run_seconds_ago'])} ago"
    return [row["kind"], row["cron"], row["late"], following, last, ", ".join(work)]


@command.command()
@click.argument("kind")
def pause(kind: str) -> None:
    """Stop a schedule from firing until it is resumed.

    Work that is already queued is still done; `coffer queue pause` stops that too.
    """
    with operators.connection() as conn, conn.transaction():
        schedule = _find(conn, kind)
        paused = queries.schedules.pause(conn, kind=schedule["kind"])
    was = "is paused" if paused else "was already paused"
    click.echo(f"{schedule['kind']} {was}")


@command.command()
@click.argument("kind")
def resume(kind: str) -> None:
    """Let a paused schedule fire again, at its next time.

    Times that passed while it was paused are left out.
    """
    with operators.connection() as conn, conn.transaction():
        schedule = _find(conn, kind)
        following = _next(schedule["cron"], schedule["asked_at"])
        resumed = queries.schedules.resume(conn, kind=schedule["kind"], next_run_at=following)
    if resumed:
        click.echo(f"{schedule['kind']} is resumed, and fires next at {following:%F %H:%M} UTC")
    else:
        click.echo(f"{schedule['kind']} was not paused")


@command.command()
@click.argument("kind")
@click.argument("cron")
@click.option(
    "--late",
    type=click.Choice(_POLICIES),
    help="For times that passed while no clock ran: leave them out, fire once, or fire for each.",
)
def change(kind: str, cron: str, *, late: str | None) -> None:
    """Change when a schedule fires.

    CRON is one argument of five fields, in UTC: minute, hour, day of the month, month and day of
    the week, such as "30 3 * * *".
    """
    with operators.connection() as conn, conn.transaction():
        schedule = _find(conn, kind)
        following = _next(cron, schedule["asked_at"])
        queries.schedules.change(
            conn,
            kind=schedule["kind"],
            cron=cron,
            late=late or schedule["late"],
            next_run_at=following,
        )
    click.echo(f"{schedule['kind']} fires next at {following:%F %H:%M} UTC")


@command.command()
@click.argument("kind")
def run(kind: str) -> None:
    """Queue a schedule's work now, besides its times, even if it is paused.

    A worker does it; `coffer queue list --kind KIND` shows how far it is.
    """
    with operators.connection() as conn, conn.transaction():
        schedule = _find(conn, kind)
        queued = queries.schedules.run(conn, kind=schedule["kind"])
    click.echo(f"{schedule['kind']} {'is' if queued else 'was still'} queued")


def _find(conn: Connection, kind: str) -> dict[str, Any]:
    """Raises click.ClickException if there is no such schedule."""
    found: dict[str, Any] | None = queries.schedules.find(conn, kind=kind.replace("-", "_"))
    if found is None:
        raise click.ClickException(
            f"there is no schedule of {operators.plain(kind, most=80)}: `coffer schedule list` "
            "shows all"
        )
    return found


def _next(cron: str, now: datetime) -> datetime:
    """Raises click.ClickException for an expression that cannot be read, or has no next time."""
    from cronsim import CronSim, CronSimError

    try:
        found = next(CronSim(cron, now))
    except (CronSimError, StopIteration, ValueError) as error:
        said = str(error) or "there is no such day"
    else:
        if len(cron.split()) == 5:
            return found
        said = "Wrong number of fields"  # of six, CronSim counts seconds by the first
    shown = operators.plain(cron, most=80)
    raise click.ClickException(f"the cron expression {shown!r} is wrong: {said}")


if __name__ == "__main__":
    command()
