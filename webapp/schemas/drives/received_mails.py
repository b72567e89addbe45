"""Messages that were received."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of

STATUSES: Final = ("received", "filed", "failed", "refused")


class ReceivedMail(Schema):
    """A message, and what became of its files."""

    id = fields.UUID(required=True)
    inbox_id = fields.UUID(required=True, allow_none=True)
    watch_id = fields.UUID(required=True, allow_none=True)
    sender = fields.String(
        required=True, metadata={"description": "As the sender says, which anybody may."}
    )
    bytes = fields.Integer(required=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "`refused`: it was not taken from the mailbox; `error` says why."},
    )
    documents = fields.Integer(required=True)
    duplicates = fields.Integer(
        required=True, metadata={"description": "Files that the workspace already had."}
    )
    refused = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Files that became no document, and why."},
    )
    error = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


ReceivedMailPage = page_of(ReceivedMail)
