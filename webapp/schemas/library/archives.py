"""Archives."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of
from webapp.schemas.library.items import Progress

STATUSES: Final = ("pending", "writing", "ready", "failed", "expired")


class MissingFile(Schema):
    """A file that is not in the archive."""

    file = fields.String(required=True)
    reason = fields.String(required=True)


class Archive(Schema):
    """An archive of everything that you have in a workspace."""

    id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    bytes = fields.Integer(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True)
    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How many of each kind are in it, once it is ready."},
    )
    missing = fields.List(
        fields.Nested(MissingFile),
        required=True,
        metadata={"description": "The first thousand files that were gone when it was written."},
    )
    error = fields.String(required=True, allow_none=True)
    progress = fields.Nested(Progress, required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When its file is deleted; sooner if there are newer ones."},
    )


ArchivePage = page_of(Archive)
