"""The form of every command: its options, and errors in one plain line (W5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg

from webapp import settings
from webapp.clients import ClientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.kind import Kind

_UNITS: Final = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600}


class Command(click.Command):
    """A command whose expected errors are one line and exit code 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except settings.SettingsError as error:
            lines = ["these settings are wrong:", *error.mistakes]
            raise click.ClickException("\n  ".join(lines)) from None
        except psycopg.OperationalError as error:
            said = " ".join(str(error).split())
            raise click.ClickException(f"the database does not answer: {said}") from None
        except (psycopg.Error, ClientError) as error:
            raise click.ClickException(" ".join(str(error).split())) from None


class Duration(click.ParamType[float]):
    """Seconds, given as 30s, 5m, 1.5h or 200ms."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", str(value))
        seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
        if seconds <= 0:
            self.fail(f"{value!r} is not a duration such as 30s, 5m or 200ms", param, ctx)
        return seconds


def command_for(kinds: Sequence[Kind], description: str | None) -> Command:
    """The command that runs a worker of these kinds; the description is its --help."""

    @click.command(cls=Command, help=description)
    @click.option("--once", is_flag=True, help="Do what is due, then end.")
    @click.option(
        "--every",
        type=Duration(),
        default="1s",
        show_default=True,
        help="How long to wait when there was nothing to do.",
    )
    @click.option(
        "--concurrency",
        type=click.IntRange(1, 256),
        default=4,
        show_default=True,
        help="How many rows to work on at once.",
    )
    @click.option(
        "--lease",
        type=Duration(),
        help="How long a row is held before another worker may have it, in place of its kind's "
        "own. Too short, and work is done twice.",
    )
    @click.option(
        "--grace",
        type=Duration(),
        default="20s",
        show_default=True,
        help="How long work in hand may take to end after SIGTERM; what takes longer is given "
        "back. Less than whoever sends the signal waits before it kills.",
    )
    def run(
        *, once: bool, every: float, concurrency: int, lease: float | None, grace: float
    ) -> None:
        from webapp import logs
        from workers.loop import Worker

        loaded = settings.load()
        logs.configure(loaded)
        worker = Worker(
            kinds, loaded, concurrency=concurrency, every=every, lease=lease, grace=grace
        )
        worker.run(once=once)

    return run
