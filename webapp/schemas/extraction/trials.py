"""Trials: what a configuration would give of a document."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from webapp.schemas.extraction.configuration_bodies import METHODS, TYPES, ConfigurationBody
from webapp.schemas.extraction.tables import tables_left_out


class TrialArguments(Schema):
    """What a configuration is tried on."""

    document_id = fields.UUID(required=True)


class TrialOfBody(TrialArguments):
    """A configuration that is not saved yet, and what it is tried on."""

    body = fields.Nested(ConfigurationBody, required=True)


def _box() -> fields.Field[Any]:
    return fields.List(
        fields.Float(),
        required=True,
        allow_none=True,
        metadata={"description": "Left, top, right and bottom on the page, if it has geometry."},
    )


class TriedField(Schema):
    """A field; without text if it was not found."""

    name = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    text = fields.String(required=True)
    value = fields.Raw(
        required=True,
        allow_none=True,
        metadata={"description": "null if the text is not of the type."},
    )
    page = fields.Integer(required=True, allow_none=True)
    box = _box()
    confidence = fields.Float(required=True)


class TriedColumn(Schema):
    """A column; without heading if the table does not have it, or no headings."""

    name = fields.String(required=True)
    heading = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(TYPES))


class TriedRow(Schema):
    """A row, with a text and a value for each column."""

    page = fields.Integer(required=True)
    texts = fields.List(fields.String(), required=True)
    values = fields.List(fields.Raw(allow_none=True), required=True)
    mistakes = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "The columns, from 0, whose text is wrong or missing."},
    )


class TriedTable(Schema):
    """A table, with its first rows."""

    title = fields.String(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    confidence = fields.Float(required=True)
    pages = fields.List(fields.Integer(), required=True)
    box = _box()
    columns = fields.List(fields.Nested(TriedColumn), required=True)
    rows = fields.List(fields.Nested(TriedRow), required=True)
    row_count = fields.Integer(required=True)
    mistake_count = fields.Integer(required=True)
    continued_from = fields.Integer(required=True, allow_none=True)


class Trial(Schema):
    """What a configuration would give: the first tables, with their first rows."""

    pages = fields.Integer(required=True)
    tables = fields.List(fields.Nested(TriedTable), required=True)
    table_count = fields.Integer(required=True)
    fields_ = fields.List(
        fields.Nested(TriedField), required=True, data_key="fields", attribute="fields"
    )
    unread_pages = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Pages that are pictures and could not be read."},
    )
    is_cut = fields.Boolean(
        required=True, metadata={"description": "There is more than Coffer accepts."}
    )
    left_out = tables_left_out()
    left_out_count = fields.Integer(required=True)
