"""Tables that a configuration left out."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from webapp.schemas.extraction.configuration_bodies import METHODS

REASONS: Final = (
    *("other_page", "other_method", "too_few_rows", "too_uncertain"),
    *("required_column_missing", "no_column_found"),
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
