"""What every command has in common: options, and errors in one plain line."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg

from webapp import settings
from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workers.engine.kind import Kind

# The exit code of a command that ran, but some of whose work failed.
SOME_FAILED: Final = 3

_UNITS: Final = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600}


class Command(click.Command):
    """A command whose expected errors are one line and exit code 1, never a traceback."""

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002  # click's signature
        """The first sentence, for the list of its group: whole, where click would cut it off."""
        return " ".join(cleandoc(self.help or "").partition("\n\n")[0].split())

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except settings.SettingsError as error:
            lines = ["these settings are wrong:", *error.mistakes]
            raise click.ClickException("\n  ".join(lines)) from None
        except psycopg.errors.LockNotAvailable:
            raise click.ClickException(
                "another transaction holds a lock that this needs, perhaps an idle one: "
                "try again, or look at pg_stat_activity"
            ) from None
        except psycopg.errors.QueryCanceled:
            raise click.ClickException(
                "the database took too long (statement_timeout): it is busy, or waits for a lock; "
                "try again, or look at pg_stat_activity"
            ) from None
        except psycopg.OperationalError as error:
            said = " ".join(str(error).split())
            raise click.ClickException(f"the database does not answer: {said}") from None
        except psycopg.Error as error:
            # Not the detail: it quotes the row with its data.
            said = error.diag.message_primary or str(error)
            raise click.ClickException(" ".join(said.split())) from None
        except Failure as error:
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


class Names(click.ParamType[frozenset[str]]):
    """Some of a few names, separated by commas."""

    name = "names"

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[str]:
        names = frozenset(name.replace("-", "_") for name in str(value).split(",") if name)
        if not names:
            self.fail(f"name some of {', '.join(sorted(self._known))}", param, ctx)
        if unknown := names - self._known:
            known = ", ".join(sorted(self._known))
            self.fail(f"{', '.join(sorted(unknown))}: not one of {known}", param, ctx)
        return names


def command_for(kinds: Sequence[Kind], description: str | None) -> Command:
    """The command that runs a worker of these kinds; the description is its --help."""

    @click.command(cls=Command, help=description)
    @click.option(
        "--once",
        is_flag=True,
        help="Do what is due and not paused, then exit: with 0 if nothing went wrong, with 3 if "
        "an attempt failed, or work was given up or not written.",
    )
    @click.option(
        "--every",
        type=Duration(),
        default="1s",
        show_default=True,
        help="How long to wait when there was nothing to do, unless a notification comes.",
    )
    @click.option(
        "--concurrency",
        type=click.IntRange(1, 256),
        default=4,
        show_default=True,
        help="How many rows of each kind to work on at once.",
    )
    @click.option(
        "--batch",
        type=click.IntRange(1, 5000),
        default=500,
        show_default=True,
        help="The maximum number of rows to claim, and to write, at once. Only work that takes "
        "milliseconds is claimed ahead of the threads that do it.",
    )
    @click.option(
        "--lease",
        type=Duration(),
        help="How long a row is held before another worker may take it, instead of its kind's "
        "own lease. If it is too short, work is done twice.",
    )
    @click.option(
        "--grace",
        type=Duration(),
        default="20s",
        show_default=True,
        help="How long running work may take to finish after SIGTERM; what takes longer is given "
        "back. Keep it shorter than the time until SIGKILL.",
    )
    def run(
        *,
        once: bool,
        every: float,
        concurrency: int,
        batch: int,
        lease: float | None,
        grace: float,
        only: frozenset[str] | None = None,
    ) -> None:
        from webapp.telemetry import logs, tracing
        from workers.engine.loop import Worker

        loaded = settings.load()
        logs.configure(loaded)
        tracing.configure(loaded, "coffer worker")
        worker = Worker(
            [kind for kind in kinds if only is None or kind.name in only],
            loaded,
            concurrency=concurrency,
            batch=batch,
            every=every,
            lease=lease,
            grace=grace,
        )
        try:
            worker.run(once=once)
        finally:
            tracing.stop()
        if once and any(worker.counts[how] for how in ("failed", "dead", "lost", "held")):
            raise click.exceptions.Exit(SOME_FAILED)

    if len(kinds) > 1:
        click.option(
            "--kinds",
            "only",
            type=Names(kind.name for kind in kinds),
            help="Work only on these kinds, separated by commas; other workers do the rest.",
        )(run)
    return run
