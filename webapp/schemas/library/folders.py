"""Folders."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import PageArguments, page_of, text
from webapp.schemas.documents.shares import shared_field


class FolderArguments(PageArguments):
    """Which folders."""

    shared = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.OneOf(["with_me"]),
        metadata={
            "description": "`with_me`: folders of others that are shared with you, asked from your"
            " personal workspace."
        },
    )
    parent_id = fields.UUID(
        load_default=None, metadata={"description": "Only folders directly in this one."}
    )
    topmost = fields.Boolean(
        load_default=False, metadata={"description": "true: only folders that are in no other."}
    )


class NewFolder(Schema):
    """A folder."""

    name = text(1, 200, required=True, metadata={"example": "Invoices"})
    parent_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "The folder to put it in."}
    )


class FolderChange(Schema):
    """A new name, a new place, or both."""

    name = text(1, 200)
    parent_id = fields.UUID(
        allow_none=True, metadata={"description": "The folder to move it into; null: the top."}
    )

    @validates_schema
    def _changes_something(self, change: dict[str, object], **_: object) -> None:
        if not change:
            raise ValidationError("Give a name or a parent_id.", "body")


class Folder(Schema):
    """A folder, and what is directly in it."""

    id = fields.UUID(required=True)
    parent_id = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True)
    path = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Names from the topmost folder to this one."},
    )
    documents = fields.Integer(required=True, metadata={"description": "Not counting the trash."})
    items = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "Not counting the trash; null for a folder that is shared with you."
        },
    )
    folders = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    shared = shared_field()


FolderPage = page_of(Folder)


class Move(Schema):
    """Where to put a document."""

    folder_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The folder to move it into; null: out of all folders."},
    )
