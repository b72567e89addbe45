"""Pictures of documents' pages."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.schemas.documents.files import FileArguments


class PictureArguments(FileArguments):
    """Which page, and how large."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    width = fields.Integer(
        load_default=400,
        validate=validate.Range(16, 1000),
        metadata={"description": "Maximum width in pixels; the height is at most twice that."},
    )
