"""Folders of drives that are watched."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of
from webapp.schemas.drives.connections import drive_path

STATUSES: Final = ("watching", "paused")


class NewWatch(Schema):
    """A folder to watch."""

    path = drive_path(
        required=True, metadata={"description": "Of a folder on the drive; empty: the topmost."}
    )
    folder_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "The folder to put the documents in."},
    )


class Watch(Schema):
    """A folder of a drive: what appears in it becomes a document."""

    id = fields.UUID(required=True)
    connection_id = fields.UUID(required=True)
    path = fields.String(required=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "`paused`: until its connection works again."},
    )
    last_error = fields.String(required=True, allow_none=True)
    last_scanned_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


WatchPage = page_of(Watch)
