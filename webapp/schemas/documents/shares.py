"""Shares of documents and folders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import moment, page_of, text

LEVELS: Final = ("view", "write")

_LEVEL: Final = {
    "description": "`view`: read it. `write`: also edit and tag documents, read them again and"
    " upload new versions."
}
_ENDS: Final = {"description": "When the share ends by itself; null: never."}


def end(**more: Any) -> fields.AwareDateTime:
    """A time in the future at which something ends by itself, or null."""
    made = moment(allow_none=True, **more)
    made.validators = [*made.validators, _in_the_future]
    return made


def _in_the_future(value: datetime) -> None:
    if value <= datetime.now(UTC):
        raise ValidationError("Must be in the future.")


class NewShare(Schema):
    """With whom to share, and how."""

    handle = text(1, 64, required=True, metadata={"example": "ben"})
    level = fields.String(required=True, validate=validate.OneOf(LEVELS), metadata=_LEVEL)
    expires_at = end(load_default=None, metadata=_ENDS)


class ShareChange(Schema):
    """Another level, another end, or both."""

    level = fields.String(validate=validate.OneOf(LEVELS), metadata=_LEVEL)
    expires_at = end(metadata=_ENDS)

    @validates_schema
    def _changes_something(self, change: dict[str, object], **_: object) -> None:
        if not change:
            raise ValidationError("Give a level or an expires_at.", "body")


class Share(Schema):
    """A share."""

    id = fields.UUID(required=True)
    handle = fields.String(required=True, metadata={"description": "The user it is shared with."})
    level = fields.String(required=True, validate=validate.OneOf(LEVELS), metadata=_LEVEL)
    shared_by = fields.String(required=True, metadata={"description": "The sharer's handle."})
    shared_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True, metadata=_ENDS)


SharePage = page_of(Share)


class Shared(Schema):
    """How something of others is shared with you."""

    level = fields.String(required=True, validate=validate.OneOf(LEVELS), metadata=_LEVEL)
    by = fields.String(required=True, metadata={"description": "The sharer's handle."})
    expires_at = fields.DateTime(required=True, allow_none=True, metadata=_ENDS)


def shared_field() -> fields.Nested:
    """The field of something that may be shared."""
    return fields.Nested(
        Shared,
        required=True,
        allow_none=True,
        metadata={"description": "How it is shared with you; null for what is your workspace's."},
    )
