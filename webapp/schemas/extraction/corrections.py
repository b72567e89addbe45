"""Corrections of cells."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

LONGEST: Final = 10_000

_MOST_COLUMNS: Final = 100


class RowCorrection(Schema):
    """What is written in place of what was read in a row."""

    texts = fields.Dict(
        required=True,
        keys=fields.String(validate=validate.Length(1, 200)),
        values=fields.String(allow_none=True, validate=validate.Length(max=LONGEST)),
        validate=validate.Length(1, _MOST_COLUMNS),
        metadata={
            "description": "By the names of columns; null takes a correction back, so that what "
            "was read counts again.",
            "example": {"price": "1200.50", "item": None},
        },
    )
