"""What is extracted from a document, and its encoding on the way from the child to the caller."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import orjson

from webapp.parsing.documents.document import Box
from webapp.parsing.documents.media import BY_TYPE, Media

if TYPE_CHECKING:
    from webapp.parsing.tables.table import Method

Type = Literal["text", "integer", "decimal", "date", "boolean"]

# Of type `decimal`, a string in canonical form ("-1234.50"); of `date`, one such as "2026-02-28";
# of `integer`, an int, or a string beyond 2^53, which JSON's numbers do not reach everywhere.
Value = str | int | bool | None

# Why a table was left out: it is on a page or of a method that was not asked for, has too few rows,
# is less sure than asked for, lacks columns that are required, or has none that is asked for.
Reason = Literal[
    "other_page",
    "other_method",
    "too_few_rows",
    "too_uncertain",
    "required_column_missing",
    "no_column_found",
]


class Column(NamedTuple):
    """A column: its name, which no other column of the table has, its heading as read, and the type
    of its values."""

    name: str
    heading: str
    type: Type


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, without the headings.

    `texts` has the text as read of each column, `values` its value: None where the text is empty,
    stands for nothing, or is not of the column's type. `mistakes` are the columns, from 0, in which
    it is not, or is missing although it is required.

    `boxes` has four numbers for each column, NaN where there is no text, or is None where the page
    has no geometry. `confidences` has a number from 0 to 1 for each column, or is None where all
    have the table's.
    """

    page: int
    texts: list[str]
    values: list[Value]
    mistakes: list[int] = field(default_factory=list)
    boxes: array[float] | None = None
    confidences: list[float] | None = None


@dataclass(frozen=True, slots=True)
class ExtractedTable:
    """A table. `pages` are the pages it is on, `box` its place on the first of them.

    `continued_from` is the place, in the list of tables from 0, of the part before, if the parts of
    a table over several pages are kept apart.
    """

    title: str
    method: Method
    confidence: float
    pages: list[int]
    box: Box | None
    columns: list[Column]
    rows: list[Row]
    continued_from: int | None = None


class LeftOut(NamedTuple):
    """A table of the document that the configuration does not take, and why. `missing` are the
    required columns that it lacks, by name."""

    pages: list[int]
    title: str
    headings: list[str]
    row_count: int
    method: Method
    confidence: float
    reason: Reason
    missing: list[str]


@dataclass(frozen=True, slots=True)
class ExtractedField:
    """A field of the document. One that was not found has no text, value, page or confidence; one
    whose text is not of its type no value. `box` is around the text, if its page has geometry."""

    name: str
    type: Type
    text: str = ""
    value: Value = None
    page: int | None = None
    box: Box | None = None
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything that was extracted, in reading order. `pages` is the number of the document's
    pages, `pictures` the numbers of those that show pictures of text which were not read. `is_cut`
    means that there is more than Coffer accepts. `left_out` are the first of the tables that were
    not taken, `left_out_count` the number of all of them."""

    media: Media
    pages: int
    tables: list[ExtractedTable]
    fields: list[ExtractedField] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    is_cut: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0


def encode(extraction: Extraction) -> bytes:
    """The form that `decode` reads: JSON, a line end, then the boxes of all rows as 32-bit
    floats."""
    said = {
        "media_type": extraction.media.type,
        "pages": extraction.pages,
        "tables": [
            (
                *(table.title, table.method, table.confidence, table.pages, table.box),
                *(table.columns, [_told(row) for row in table.rows], table.continued_from),
            )
            for table in extraction.tables
        ],
        "fields": [
            (each.name, each.type, each.text, each.value, each.page, each.box, each.confidence)
            for each in extraction.fields
        ],
        "pictures": extraction.pictures,
        "is_cut": extraction.is_cut,
        "left_out": extraction.left_out,
        "left_out_count": extraction.left_out_count,
    }
    boxes = b"".join(
        row.boxes.tobytes()
        for table in extraction.tables
        for row in table.rows
        if row.boxes is not None
    )
    return orjson.dumps(said, default=tuple) + b"\n" + boxes


def _told(row: Row) -> tuple[object, ...]:
    has_boxes = row.boxes is not None
    return (row.page, row.texts, row.values, row.mistakes, has_boxes, row.confidences)


def decode(data: bytes) -> Extraction:
    """Raises ValueError, TypeError or KeyError for anything that `encode` did not produce."""
    head, _, tail = data.partition(b"\n")
    said = orjson.loads(head)
    boxes = array("f")
    boxes.frombytes(tail)
    tables = []
    at = 0
    for title, method, confidence, pages, box, columns, rows, continued_from in said["tables"]:
        told = []
        for page, texts, values, mistakes, has_boxes, confidences in rows:
            count = 4 * len(texts) if has_boxes else 0
            own = boxes[at : at + count] if has_boxes else None
            told.append(Row(page, texts, values, mistakes, own, confidences))
            at += count
        named = [Column(*each) for each in columns]
        tables.append(
            ExtractedTable(title, method, confidence, pages, _box(box), named, told, continued_from)
        )
    fields = [
        ExtractedField(name, type_, text, value, page, _box(box), confidence)
        for name, type_, text, value, page, box, confidence in said["fields"]
    ]
    media = BY_TYPE[said["media_type"]]
    return Extraction(
        *(media, said["pages"], tables, fields, said["pictures"]),
        is_cut=said["is_cut"],
        left_out=[LeftOut(*each) for each in said["left_out"]],
        left_out_count=said["left_out_count"],
    )


def _box(sides: list[float] | None) -> Box | None:
    return None if sides is None else Box(*sides)
