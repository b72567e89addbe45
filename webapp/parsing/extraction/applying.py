"""Applies the body of a configuration to what was found in a document: first the tables are chosen,
then their texts become values, and the fields are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.extraction.choosing import choose
from webapp.parsing.extraction.columns import rows_of
from webapp.parsing.extraction.extracted import ExtractedTable, Extraction
from webapp.parsing.extraction.fields import fields_of
from webapp.parsing.extraction.patterns import SECONDS, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.document import Page
    from webapp.parsing.extraction.choosing import Body
    from webapp.parsing.extraction.columns import Taken
    from webapp.parsing.extraction.joining import Joined
    from webapp.parsing.tables.table import DocumentTables


def apply(body: Body, found: DocumentTables, pages: Sequence[Page] = ()) -> Extraction:
    """What a configuration's body gives of a document's tables and pages. Raises DocumentError
    `pattern_too_slow`."""
    stopwatch = Stopwatch(SECONDS)
    choice = choose(body, found, stopwatch)
    places: dict[int, int] = {}  # of each joined table, where it is among those that are kept
    tables: list[ExtractedTable] = []
    for number, (table, taken) in choice.taken.items():
        places[number] = len(tables)
        before = None if table.continued_from is None else places.get(table.continued_from)
        tables.append(_extracted(table, taken, before))
    return Extraction(
        *(found.media, found.pages, tables, fields_of(body.get("fields", ()), pages, stopwatch)),
        pictures=found.pictures,
        is_cut=found.is_cut,
        left_out=choice.left_out,
        left_out_count=choice.left_out_count,
    )


def _extracted(table: Joined, taken: Sequence[Taken], before: int | None) -> ExtractedTable:
    first = table.first
    return ExtractedTable(
        *(first.title, first.method, table.confidence, table.pages, first.box),
        columns=[each.column for each in taken],
        rows=rows_of(table, taken),
        continued_from=before,
    )
