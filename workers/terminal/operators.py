"""What the operators' commands share: their connection, and how they print."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from workers.terminal.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection

# How long a command waits for one answer.
_PATIENCE: Final = "10s"


class Commands(click.Group):
    """A command of several, each with its errors in one plain line."""

    command_class = Command


def connection() -> Connection:
    """The operator's connection; `with` closes it."""
    from sql.connection import connect_at_start
    from webapp import settings

    loaded = settings.load()
    return connect_at_start(loaded.database_url, "coffer operator", pooler=loaded.database_pooler)


@contextmanager
def reading(conn: Connection) -> Iterator[None]:
    """A read-only transaction that gives up before the person waiting for it does."""
    from sql import queries

    with conn.transaction():
        queries.outbox.hurry(conn, within=_PATIENCE)
        yield


def print_json(found: dict[str, Any]) -> None:
    """One object on one line; seconds are numbers, times are ISO 8601 in UTC."""
    import orjson

    click.echo(orjson.dumps(found))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns wide enough for their contents; those whose head begins with > are aligned to the
    right."""
    lines = [[head.removeprefix(">") for head in heads], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    signs = [">" if head.startswith(">") else "<" for head in heads]
    forms = list(zip(signs, widths, strict=True))
    return "\n".join(
        "  ".join(
            f"{cell:{sign}{width}}" for cell, (sign, width) in zip(line, forms, strict=True)
        ).rstrip()
        for line in lines
    )


def span(seconds: float | None) -> str:
    """A length of time in its two largest units; a dash for none."""
    if seconds is None:
        return "-"
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number or parts or unit == "s":
            parts.append(f"{number}{unit}")
    return " ".join(part for part in parts[:2] if part[0] != "0" or len(parts) == 1)


def printable(text: str) -> str:
    """Text from others, line by line, without control characters for the terminal."""
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)


def plain(text: str, *, most: int) -> str:
    """The same on one line, truncated."""
    line = " ".join(printable(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
