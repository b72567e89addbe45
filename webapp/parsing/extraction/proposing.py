"""Proposes a configuration from a document's own tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.extraction.choosing import choose
from webapp.parsing.extraction.patterns import SECONDS, Stopwatch

if TYPE_CHECKING:
    from webapp.parsing.extraction.columns import Taken
    from webapp.parsing.extraction.joining import Joined
    from webapp.parsing.tables.table import DocumentTables

_MOST_COLUMNS: Final = 100
_LONGEST_NAME: Final = 100


def propose(found: DocumentTables) -> dict[str, Any] | None:
    """The body of a configuration that takes the largest table of a document, and others with the
    same columns; None if there is no table. Without headings, columns cannot be told apart, and
    every table is taken as it is."""
    tables = choose({}, found, Stopwatch(SECONDS)).taken.values()
    if not tables:
        return None
    table, taken = max(tables, key=lambda each: each[0].row_count * each[0].first.width)
    headed = [each for each in taken if each.column.heading][:_MOST_COLUMNS]
    return {"columns": [_column(table, each) for each in headed]} if headed else {}


def _column(table: Joined, taken: Taken) -> dict[str, Any]:
    """A column, required if each row has it; how its values are written only where it shows."""
    column, place = taken.column, taken.place
    proposed: dict[str, Any] = {"name": column.name[:_LONGEST_NAME], "type": column.type}
    if column.heading != proposed["name"]:
        proposed["match"] = column.heading
    if place is not None and all(
        taken.read(part.texts[number][place])[0] is not None for part, number in table.rows()
    ):
        proposed["required"] = True
    if column.type in ("integer", "decimal") and taken.hints.sign is not None:
        proposed["decimal"] = taken.hints.sign
    if column.type == "date" and taken.hints.order is not None:
        proposed["date_order"] = taken.hints.order
    return proposed
