"""Applies a configuration to the tables of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.extraction.extracted import Column, ExtractedTable, Extraction, Row
from webapp.parsing.extraction.headings import headings_of, names_of
from webapp.parsing.extraction.joining import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.parsing.extraction.joining import Joined
    from webapp.parsing.tables.table import DocumentTables


def apply(body: Mapping[str, Any], found: DocumentTables) -> Extraction:
    """What a configuration's body gives of a document."""
    del body
    tables = joined(found.tables, wanted=[True] * len(found.tables), joins=True)
    return Extraction(
        *(found.media, found.pages, [_extracted(table) for table in tables]),
        pictures=found.pictures,
        is_cut=found.is_cut,
    )


def _extracted(table: Joined) -> ExtractedTable:
    headings = headings_of(table.first)
    columns = [
        Column(name, heading, "text")
        for name, heading in zip(names_of(headings), headings, strict=True)
    ]
    rows = []
    for part, number in table.rows():
        texts = part.texts[number]
        at = 4 * number * part.width
        boxes = part.boxes[at : at + 4 * part.width] or None
        rows.append(Row(part.page, texts, [text or None for text in texts], boxes=boxes))
    return ExtractedTable(
        *(table.first.title, table.first.method, table.confidence, table.pages, table.first.box),
        *(columns, rows, table.continued_from),
    )
