"""Versions of documents."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of
from webapp.schemas.documents.documents import KINDS


class VersionFields(Schema):
    """The form fields next to the file of a new version."""

    name = fields.String(
        load_default=None,
        validate=validate.Length(max=1000),
        metadata={"description": "Replaces the file's own name."},
    )


class Version(Schema):
    """A version of a document."""

    document_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    name = fields.String(required=True)
    media_type = fields.String(
        required=True, allow_none=True, metadata={"description": "Detected from the content."}
    )
    kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(KINDS))
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True, allow_none=True)
    is_current = fields.Boolean(required=True)
    created_by = fields.UUID(required=True, metadata={"description": "The user who uploaded it."})
    created_at = fields.DateTime(required=True)


VersionPage = page_of(Version)
