"""The files of documents."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class FileArguments(Schema):
    """Which version of a document."""

    version = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 1_000_000),
        metadata={"description": "Its number; the current one by default."},
    )
