"""Files on their way from or to a drive."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, ShortList, page_of
from webapp.schemas.drives.connections import MOST_PATH, drive_path
from webapp.schemas.library.items import Progress

DIRECTIONS: Final = ("import", "export")
STATUSES: Final = ("waiting", "completed", "failed", "cancelled")
_MOST: Final = 500


class NewImports(Schema):
    """Files of the drive to make documents of."""

    paths = ShortList(
        fields.String(validate=validate.Length(1, MOST_PATH)),
        most=_MOST,
        required=True,
        metadata={"description": "The `path` of each file, at most 500."},
    )
    folder_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "The folder to put the documents in."},
    )


class NewExports(Schema):
    """Documents to send to the drive."""

    document_ids = ShortList(fields.UUID(), most=_MOST, required=True)
    path = drive_path(
        load_default="",
        metadata={"description": "The `path` of a folder on the drive; empty: the topmost."},
    )


class TransferArguments(PageArguments):
    """Which transfers."""

    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))


class Transfer(Schema):
    """A file on its way from a drive, or to one."""

    id = fields.UUID(required=True)
    connection_id = fields.UUID(required=True)
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    path = fields.String(
        required=True,
        metadata={"description": "On the drive: of the file, or of the folder it is sent to."},
    )
    name = fields.String(required=True, allow_none=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    document_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The document that it became, or that is sent."},
    )
    is_duplicate = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={"description": "true: the same file was already there."},
    )
    bytes = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    progress = fields.Nested(Progress, required=True, allow_none=True)


class Transfers(Schema):
    """The transfers that were begun."""

    items = fields.List(fields.Nested(Transfer), required=True)


TransferPage = page_of(Transfer)
