"""List work that was given up, show its details, and retry or discard it.

Work that was given up leaves a dead letter, which stays until an operator retries or discards it,
or its owner retries the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from sql import queries
from workers.engine.job import NO_WORKSPACE
from workers.terminal import letters, operators
from workers.terminal.command import SOME_FAILED
from workers.terminal.operators import plain, printable, span
from workers.work import known_kinds, unknown_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Characters of an error in the list.
_MOST_ERROR: Final = 60

_AS_JSON: Final = click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON, for programs."
)
_LETTER_ID: Final = click.IntRange(1, 2**63 - 1)


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command("list")
@click.option("--kind", help="Only those of this kind.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@_AS_JSON
def list_letters(*, kind: str | None, limit: int, as_json: bool) -> None:
    """The last dead letters, newest first."""
    with operators.connection() as conn, operators.reading(conn):
        kinds = letters.kinds(conn) if kind is None else [kind]
        found = queries.dead_letters.list(conn, kinds=kinds, limit=limit)
        total = queries.dead_letters.count(conn, kinds=kinds)
    if as_json:
        operators.print_json({"dead_letters": found, "total": total})
    elif found:
        heads = ">ID KIND SUBJECT >ATTEMPTS >DIED ERROR".split()
        click.echo(operators.table(heads, [_cells(letter) for letter in found]))
        if total > limit:
            click.echo(f"\nThese are the last {limit:,} of {total:,}; --limit shows more.")
    else:
        click.echo(_none(kind))


def _none(kind: str | None) -> str:
    if kind is not None and kind not in known_kinds():
        raise unknown_kind(kind)
    return "there are no dead letters" + ("" if kind is None else f" of kind {kind!r}")


def _cells(letter: dict[str, Any]) -> list[str]:
    return [
        str(letter["id"]),
        letter["kind"],
        str(letter["subject_id"]),
        str(letter["attempts"]),
        f"{span(letter['died_seconds_ago'])} ago",
        plain(letter["error"], most=_MOST_ERROR),
    ]


@command.command()
@click.argument("letter_id", metavar="ID", type=_LETTER_ID)
@_AS_JSON
def show(letter_id: int, *, as_json: bool) -> None:
    """Everything about one dead letter, including its error and its payload."""
    with operators.connection() as conn:
        letter = queries.dead_letters.get(conn, id=letter_id)
    if letter is None:
        raise click.ClickException(f"there is no dead letter {letter_id}")
    if as_json:
        operators.print_json(letter)
        return
    if letter["workspace_id"] == NO_WORKSPACE:
        letter["workspace_id"] = None
    if letter["kind"] not in known_kinds():
        letter["kind"] += " (no worker does this kind of work any longer)"
    for name, value in letter.items():
        lines = printable(_told(value)).split("\n")
        click.echo(f"{name:12}  " + f"\n{'':14}".join(lines))


def _told(value: Any) -> str:
    import json

    if value is None:
        return "-"
    if isinstance(value, dict):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if hasattr(value, "year") else str(value)


def _selection(function: Callable[..., None]) -> Callable[..., None]:
    """Adds to a command how letters are chosen."""
    for each in (
        click.option("--all", "everything", is_flag=True, help="All dead letters."),
        click.option("--kind", help="All dead letters of this kind."),
        click.argument("ids", metavar="[ID]...", nargs=-1, type=_LETTER_ID),
    ):
        function = each(function)
    return function


@command.command()
@_selection
def retry(*, ids: tuple[int, ...], kind: str | None, everything: bool) -> None:
    """Retry work that was given up, starting from its first attempt.

    Letters of rows that no longer need the work are removed. A hundred letters share a transaction:
    if the command is stopped, run it again for the rest. Exits with 3 if some could not be retried;
    their letters stay.
    """
    _check(ids, kind, everything=everything)
    with operators.connection() as conn:
        chosen = letters.choose(conn, ids, kind)
        known = known_kinds()
        if unknown := sorted(chosen.keys() - known.keys()):
            said = f"no worker does {', '.join(unknown)} any longer: discard these letters"
            if not everything or len(unknown) == len(chosen):
                raise click.ClickException(said)
            click.echo(said, err=True)
        to_do = [
            (letters.retry(known[name]), found) for name, found in chosen.items() if name in known
        ]
        if not to_do:
            click.echo(_none(kind))
        elif letters.carry_out(conn, "retried", to_do)["failed"]:
            raise click.exceptions.Exit(SOME_FAILED)


@command.command()
@_selection
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def discard(*, ids: tuple[int, ...], kind: str | None, everything: bool, yes: bool) -> None:
    """Remove dead letters; the rows they are about stay unchanged."""
    _check(ids, kind, everything=everything)
    with operators.connection() as conn:
        chosen = letters.choose(conn, ids, kind)
        if not chosen:
            click.echo(_none(kind))
            return
        if not yes:
            number = sum(map(len, chosen.values()))
            noun = "letter" if number == 1 else "letters"
            click.confirm(f"Discard {number:,} dead {noun} for good?", abort=True)
        to_do = [(letters.discard, found) for found in chosen.values()]
        letters.carry_out(conn, "discarded", to_do)


def _check(ids: Sequence[int], kind: str | None, *, everything: bool) -> None:
    if (bool(ids), kind is not None, everything).count(True) != 1:
        raise click.UsageError("Say which dead letters: give ids, --kind or --all.")


if __name__ == "__main__":
    command()
