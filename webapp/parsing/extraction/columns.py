"""Which columns of a table a configuration takes, and how their texts become values."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from webapp.parsing.extraction.extracted import Column, Row
from webapp.parsing.extraction.guessing import type_of
from webapp.parsing.extraction.headings import headings_of, names_of
from webapp.parsing.extraction.numbers import decimal_sign
from webapp.parsing.extraction.values import Hints, hints_of, reader

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from webapp.parsing.extraction.extracted import Value
    from webapp.parsing.extraction.joining import Joined
    from webapp.parsing.tables.table import Table

_NOWHERE: Final = array("f", [math.nan] * 4)


class Taken(NamedTuple):
    """A column that is taken from a table: from which `place`, None if the table does not have it,
    and how its texts are read."""

    column: Column
    place: int | None
    read: Callable[[str], tuple[Value, bool]]
    hints: Hints
    is_required: bool


def same(text: str) -> str:
    """A heading in the form in which it is compared: upper and lower case and white space are
    alike."""
    return " ".join(text.split()).casefold()


def places_of(
    asked: Sequence[Mapping[str, Any]],
    patterns: Sequence[re.Pattern[str] | None],
    headings: Sequence[str],
) -> list[int | None]:
    """Where the columns that a configuration asks for are. Each is the first one with its heading,
    or in whose heading its pattern is found, that none before it is."""
    compared = [same(heading) for heading in headings]
    places: list[int | None] = []
    for column, pattern in zip(asked, patterns, strict=True):
        wanted = same(column.get("match", column["name"]))
        matching = (
            place
            for place, heading in enumerate(compared)
            if place not in places
            and (heading == wanted if pattern is None else pattern.search(headings[place]))
        )
        places.append(next(matching, None))
    return places


def asked_columns(
    table: Joined, asked: Sequence[Mapping[str, Any]], places: Sequence[int | None], around: Hints
) -> list[Taken]:
    """The columns that a configuration asks for."""
    headings = headings_of(table.first)
    taken = []
    for column, place in zip(asked, places, strict=True):
        type_ = column.get("type", "text")
        hints = around
        if place is not None and type_ != "text":
            hints = hints_of(_texts(table, place), column, around)
        heading = "" if place is None else headings[place]
        read = reader(type_, hints)
        taken.append(
            Taken(
                Column(column["name"], heading, type_),
                *(place, read, hints, column.get("required", False)),
            )
        )
    return taken


def all_columns(table: Joined, around: Hints) -> list[Taken]:
    """All columns of a table, of the types that they show."""
    headings = headings_of(table.first)
    taken = []
    for place, (name, heading) in enumerate(zip(names_of(headings), headings, strict=True)):
        texts = _texts(table, place)
        hints = hints_of(texts, {}, around)
        type_ = type_of(texts, hints)
        read = reader(type_, hints)
        taken.append(Taken(Column(name, heading, type_), place, read, hints, is_required=False))
    return taken


def _texts(table: Joined, place: int) -> list[str]:
    return [part.texts[number][place] for part, number in table.rows()]


def sign_around(tables: Sequence[Table]) -> Hints:
    """How numbers are written in a document, if they are all written the same way."""
    signs = {sign for table in tables if (sign := decimal_sign(_cells(table))) is not None}
    return Hints(signs.pop() if len(signs) == 1 else None)


def _cells(table: Table) -> list[str]:
    return [text for row in table.texts[table.header_rows :] for text in row]


def rows_of(table: Joined, taken: Sequence[Taken]) -> list[Row]:
    """The rows of a table, with what is taken of them."""
    rows = []
    for part, number in table.rows():
        texts: list[str] = []
        values: list[Value] = []
        mistakes: list[int] = []
        boxes = array("f") if part.boxes else None
        for at, each in enumerate(taken):
            text = "" if each.place is None else part.texts[number][each.place]
            value, is_wrong = each.read(text)
            texts.append(text)
            values.append(value)
            if is_wrong or (value is None and each.is_required):
                mistakes.append(at)
            if boxes is not None:
                boxes.extend(_box(part, number, each.place))
        rows.append(Row(part.page, texts, values, mistakes, boxes))
    return rows


def _box(part: Table, row: int, place: int | None) -> array[float]:
    if place is None:
        return _NOWHERE
    at = 4 * (row * part.width + place)
    return part.boxes[at : at + 4]
