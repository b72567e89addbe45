"""Applies the body of a configuration to what was found in a document.

First come the tables: those on the pages and of the methods that are asked for, joined over pages,
large and sure enough. If columns are asked for, a table without a required one is left out, and so
is one that has none of them. Then the texts become values, and the fields are looked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from webapp.parsing.extraction.columns import (
    all_columns,
    asked_columns,
    places_of,
    rows_of,
    sign_around,
)
from webapp.parsing.extraction.extracted import ExtractedTable, Extraction
from webapp.parsing.extraction.fields import fields_of
from webapp.parsing.extraction.headings import headings_of
from webapp.parsing.extraction.joining import joined
from webapp.parsing.extraction.patterns import SECONDS, Stopwatch, compiled
from webapp.rules.page_spans import has_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from webapp.parsing.documents.document import Page
    from webapp.parsing.extraction.columns import Taken
    from webapp.parsing.extraction.joining import Joined
    from webapp.parsing.tables.table import DocumentTables, Table

    Body = Mapping[str, Any]


def apply(body: Body, found: DocumentTables, pages: Sequence[Page] = ()) -> Extraction:
    """What a configuration's body gives of a document's tables and pages. Raises DocumentError
    `pattern_too_slow`."""
    stopwatch = Stopwatch(SECONDS)
    places: dict[int, int] = {}  # of each joined table, where it is among those that are kept
    tables: list[ExtractedTable] = []
    for number, (table, taken) in taken_tables(body, found, stopwatch):
        places[number] = len(tables)
        before = None if table.continued_from is None else places.get(table.continued_from)
        tables.append(_extracted(table, taken, before))
    return Extraction(
        *(found.media, found.pages, tables, fields_of(body.get("fields", ()), pages, stopwatch)),
        pictures=found.pictures,
        is_cut=found.is_cut,
    )


def taken_tables(
    body: Body, found: DocumentTables, stopwatch: Stopwatch
) -> Iterator[tuple[int, tuple[Joined, list[Taken]]]]:
    """The tables that a configuration takes, with their numbers among all, and what it takes of
    each."""
    wanted: Body = body.get("tables", {})
    asked: Sequence[Body] = body.get("columns", ())
    with stopwatch.running("a column"):
        patterns = [
            compiled(column["pattern"]) if "pattern" in column else None for column in asked
        ]
    around = sign_around(found.tables)
    for number, table in enumerate(_joined(wanted, found)):
        if table.row_count < wanted.get("min_rows", 0):
            continue
        if table.confidence < wanted.get("min_confidence", 0):
            continue
        if not asked:
            yield number, (table, all_columns(table, around))
            continue
        with stopwatch.running("a column"):
            places = places_of(asked, patterns, headings_of(table.first))
        has_required = all(
            place is not None or not column.get("required", False)
            for column, place in zip(asked, places, strict=True)
        )
        if has_required and any(place is not None for place in places):
            yield number, (table, asked_columns(table, asked, places, around))


def _joined(wanted: Body, found: DocumentTables) -> list[Joined]:
    """The tables on the pages and of the methods that are asked for, whole."""
    methods = wanted.get("methods")
    chosen = [
        has_page(wanted.get("pages"), table.page) and (methods is None or table.method in methods)
        for table in found.tables
    ]
    rows = wanted.get("header_rows")
    tables = found.tables if rows is None else [_with_headings(each, rows) for each in found.tables]
    return joined(tables, wanted=chosen, joins=wanted.get("join_pages", True))


def _with_headings(table: Table, rows: int) -> Table:
    """With so many rows of headings. The part of a table on a later page has no more than were
    found there: those that are repeated."""
    most = len(table.texts) if table.continued_from is None else table.header_rows
    return replace(table, header_rows=min(rows, most))


def _extracted(table: Joined, taken: Sequence[Taken], before: int | None) -> ExtractedTable:
    first = table.first
    return ExtractedTable(
        *(first.title, first.method, table.confidence, table.pages, first.box),
        columns=[each.column for each in taken],
        rows=rows_of(table, taken),
        continued_from=before,
    )
