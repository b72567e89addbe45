"""What the operators' commands share: their connection, and the forms in which they print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workers.command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sql.connection import Connection
    from workers.engine.kind import Kind


class Commands(click.Group):
    """A command of several, each with its errors in one plain line."""

    command_class = Command


def connection() -> Connection:
    """The operator's connection; `with` closes it."""
    from sql.connection import connect
    from webapp import settings

    loaded = settings.load()
    return connect(loaded.database_url, "coffer operator", pooler=loaded.database_pooler)


def known_kinds() -> dict[str, Kind]:
    """The kinds of work that there are workers for, by name."""
    from workers import work

    return {kind.name: kind for kind in work.KINDS}


def unknown_kind(name: str) -> click.BadParameter:
    """The refusal of a name that no kind has."""
    return click.BadParameter(f"{name!r} is not one of {', '.join(sorted(known_kinds()))}.")


class KindName(click.ParamType[str]):
    """The name of a kind that there are workers for; a dash is as good as an underscore."""

    name = "kind"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002  # click's signature
        ctx: click.Context | None,  # noqa: ARG002
    ) -> str:
        name = str(value).replace("-", "_")
        if name not in known_kinds():
            raise unknown_kind(name)
        return name


def print_json(found: dict[str, Any]) -> None:
    """One object on one line; seconds are numbers, times are ISO 8601 in UTC."""
    import orjson

    click.echo(orjson.dumps(found))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns wide enough for all that stands in them; those whose head begins with > are aligned
    to the right."""
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
    """Text of others, line by line, without what would steer the terminal."""
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)


def plain(text: str, *, most: int) -> str:
    """The same on one line, cut to a length."""
    line = " ".join(printable(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
