"""Extracted tables, their rows and cells."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of

TYPES: Final = ("text", "integer", "decimal", "date", "boolean")
METHODS: Final = ("ruled", "white_space", "ocr", "sheet", "html", "word", "csv")

# Why a configuration does not take a table.
REASONS: Final = (
    *("other_page", "other_method", "too_few_rows", "too_uncertain"),
    *("required_column_missing", "no_column_found"),
)

MOST_ROWS: Final = 1000

_BOX: Final = (
    "Left, top, right, bottom, from the page's upper left corner: in points on the pages of a PDF, "
    "in pixels on a picture. Null where the page has no geometry."
)


def _box() -> fields.List[float]:
    return fields.List(
        fields.Float(), required=True, allow_none=True, metadata={"description": _BOX}
    )


def _value() -> fields.Raw:
    return fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "description": "By the column's type: a text, an integer (as a string beyond 2^53), a "
            'decimal as a string like "-1234.50", a date like "2026-02-28", true or false. Null '
            "where there is no text, or it is not of the type."
        },
    )


class Column(Schema):
    """A column of a table."""

    name = fields.String(required=True)
    heading = fields.String(required=True, metadata={"description": "As read."})
    type = fields.String(required=True, validate=validate.OneOf(TYPES))


class Provenance(Schema):
    """Where a table is from: from which file, by which job and which configuration."""

    job_id = fields.UUID(required=True)
    configuration_id = fields.UUID(required=True)
    configuration_version = fields.Integer(required=True)
    document_id = fields.UUID(required=True)
    document_version = fields.Integer(required=True)
    sha256 = fields.String(
        required=True, allow_none=True, metadata={"description": "Of the file that was read."}
    )
    extracted_at = fields.DateTime(required=True, allow_none=True)


class TableRow(Schema):
    """A row as it counts: with corrections in the place of what was read."""

    number = fields.Integer(required=True, metadata={"description": "From 1."})
    page = fields.Integer(required=True)
    texts = fields.List(
        fields.String(), required=True, metadata={"description": "One for each column."}
    )
    values = fields.List(_value(), required=True)
    mistakes = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "The columns, from 0, whose text is not of their type."},
    )
    read_texts = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "The texts as read, if any of them was corrected."},
    )


class Correction(Schema):
    """Who corrected a cell, and when."""

    corrected_by = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Null for those whom the document is shared with."},
    )
    corrected_at = fields.DateTime(required=True)
    is_carried = fields.Boolean(
        required=True, metadata={"description": "Whether it was made in an earlier run."}
    )


class Cell(Schema):
    """A cell, with where it was read and what became of it."""

    column = fields.String(required=True, metadata={"description": "The column's name."})
    text = fields.String(required=True)
    value = _value()
    page = fields.Integer(required=True)
    box = _box()
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    is_mistake = fields.Boolean(required=True)
    is_doubtful = fields.Boolean(
        required=True,
        metadata={"description": "Whether somebody should look: a mistake, or hardly legible."},
    )
    read_text = fields.String(required=True, metadata={"description": "The text as read."})
    read_value = _value()
    correction = fields.Nested(Correction, required=True, allow_none=True)
    configuration_version = fields.Integer(required=True)
    sha256 = fields.String(required=True, allow_none=True)


class TableRowWithCells(TableRow):
    """A row; `cells` only if `provenance=cells` asks for them."""

    cells = fields.List(fields.Nested(Cell))


class ExtractedTable(Schema):
    """A table that a job extracted, with its first rows."""

    id = fields.UUID(required=True)
    job_id = fields.UUID(required=True)
    document_id = fields.UUID(required=True)
    sequence_index = fields.Integer(
        required=True, metadata={"description": "From 0 within the job, in reading order."}
    )
    title = fields.String(required=True, allow_none=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    pages = fields.List(fields.Integer(), required=True)
    box = _box()
    columns = fields.List(fields.Nested(Column), required=True)
    row_count = fields.Integer(required=True)
    mistake_count = fields.Integer(
        required=True, metadata={"description": "The cells whose text is not of their type."}
    )
    doubt_count = fields.Integer(
        required=True,
        metadata={"description": "The cells that await a look: mistakes, and hardly legible ones."},
    )
    is_rejected = fields.Boolean(
        required=True,
        metadata={"description": "Whether somebody rejected it in review: search leaves it out."},
    )
    continued_from = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "The `sequence_index` of the table that this one goes on with, if the "
            "configuration keeps the parts of a table apart."
        },
    )
    provenance = fields.Nested(Provenance, required=True)
    sample = fields.List(
        fields.Nested(TableRow), required=True, metadata={"description": "The first five rows."}
    )


ExtractedTablePage = page_of(ExtractedTable)
TableRowPage = page_of(TableRowWithCells)


class DocumentTablesArguments(PageArguments):
    """Of which job."""

    job_id = fields.UUID(
        load_default=None,
        allow_none=False,
        metadata={"description": "By default the latest job that succeeded."},
    )


class RowArguments(PageArguments):
    """Which rows, and how much of each."""

    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_ROWS))
    provenance = fields.String(
        load_default=None, allow_none=False, validate=validate.OneOf(("cells",))
    )


class TableLeftOut(Schema):
    """A table of the document that the configuration does not take, and why."""

    pages = fields.List(fields.Integer(), required=True)
    title = fields.String(required=True)
    headings = fields.List(fields.String(), required=True)
    row_count = fields.Integer(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    confidence = fields.Float(required=True)
    reason = fields.String(
        required=True,
        validate=validate.OneOf(REASONS),
        metadata={
            "description": "It is on a page or of a method that was not asked for, has fewer rows "
            "or less confidence than asked for, lacks columns that are required, or has no column "
            "that is asked for."
        },
    )
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The required columns that it lacks, by name."},
    )


def tables_left_out() -> fields.Field[Any]:
    """The first of a document's tables that were left out."""
    return fields.List(
        fields.Nested(TableLeftOut),
        required=True,
        metadata={"description": "The first 20 of the document's tables that are not taken."},
    )
