"""Types of documents for which jobs start by themselves."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import page_of, text


class NewAutomaticType(Schema):
    """A type of documents for which jobs are to start by themselves."""

    document_type = text(
        1,
        100,
        required=True,
        metadata={"description": "A category of documents, in any case.", "example": "Invoice"},
    )


class AutomaticType(Schema):
    """A type of documents for which jobs start by themselves."""

    id = fields.UUID(required=True)
    document_type = fields.String(required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)


AutomaticTypePage = page_of(AutomaticType)
