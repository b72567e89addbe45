"""The table of a file of delimited text: CSV, TSV, and with semicolons or bars."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING

from webapp.parsing.charset import decode
from webapp.parsing.documents.detection import delimiter_of
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.tables.headings import heading_rows, title_rows
from webapp.parsing.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.parsing.documents.source import Source
    from webapp.parsing.tables.finding import Finding

_MOST_BYTES = 64 << 20
_MOST_COLUMNS = 16_384  # as many as a spreadsheet has
_LARGEST_CELL = 1 << 20  # characters


def find(source: Source, finding: Finding) -> None:
    finding.pages = 1
    data = source.read(_MOST_BYTES)
    finding.is_cut = False
    text = decode(data, None)
    rows = list(_rows(text))
    width = max(map(len, rows), default=0)
    if width > _MOST_COLUMNS or width * len(rows) > 8 * sum(map(len, rows)) + 1_000_000:
        # One line far longer than all others would fill all of them up with empty cells.
        raise DocumentError("too_complex")
    texts = [row + [""] * (width - len(row)) for row in rows]
    above = title_rows(texts)
    title = " ".join(row[0].strip() for row in texts[:above])[:500]
    texts = texts[above:]
    confidence = 1.0 if width > 1 else 0.5
    finding.add(Table(1, "csv", confidence, texts, header_rows=heading_rows(texts), title=title))
    finding.is_cut = finding.is_cut or source.size > len(data)


def _rows(text: str) -> Iterator[list[str]]:
    """The lines that are not empty, by their cells."""
    csv.field_size_limit(_LARGEST_CELL)
    delimiter = delimiter_of(text[: 1 << 16]) or _likeliest(text)
    lines = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        yield from (row for row in lines if row)
    except csv.Error as error:
        raise DocumentError("damaged") from error


def _likeliest(text: str) -> str:
    """For a file too short to tell by its columns: what is most frequent in its first lines."""
    head = "".join(itertools.islice(text.splitlines(keepends=True), 3))
    return max(",;\t|", key=head.count)
