"""Inboxes for mail."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import page_of, text


class NewInbox(Schema):
    """An inbox."""

    name = text(1, 100, required=True, metadata={"example": "Scanner"})
    folder_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "The folder to put the documents in."},
    )


class Inbox(Schema):
    """A secret address whose mail becomes documents."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    last_received_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class MadeInbox(Inbox):
    """An inbox with its new address."""

    address = fields.String(
        required=True,
        metadata={
            "description": "Shown in this response only. Whoever knows it can send you documents.",
            "example": "inbox+mfrggzdfmztwq2lknnwg23tpoa@in.example.com",
        },
    )


InboxPage = page_of(Inbox)
