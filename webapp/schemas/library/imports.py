"""Imports."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of

STATUSES: Final = (
    *("reading", "adding", "restoring", "completed", "incomplete", "failed", "cancelled"),
)


FOLDERS_BECOME: Final = ("folders", "tags", "both")


class ImportArguments(Schema):
    """What to do with the file's entries."""

    enrich = fields.Boolean(
        load_default=False,
        metadata={
            "description": "true: items are enriched and wait to be confirmed, like captured ones."
        },
    )
    folders_become = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.OneOf(FOLDERS_BECOME),
        metadata={
            "description": "What becomes of folders, lists and collections. Without it, those of"
            " browsers' bookmarks become both, since these hardly have other tags, and all others"
            " folders."
        },
    )


class ImportMistake(Schema):
    """An entry that was refused."""

    line = fields.Integer(
        required=True, metadata={"description": "The line, or the number of the bookmark."}
    )
    file = fields.String(metadata={"description": "The file in an archive that the line is of."})
    message = fields.String(required=True)
    address = fields.String(
        metadata={"description": "The address in it, at most 200 characters; null for none."},
        allow_none=True,
    )


class Import(Schema):
    """An imported file, and its progress."""

    id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    format = fields.String(
        required=True,
        metadata={
            "description": "What is in the file, once it is read; what it was sent as before that.",
            "example": "karakeep",
        },
    )
    bytes = fields.Integer(required=True)
    total = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The number of entries not refused, once the file is read."},
    )
    done = fields.Integer(required=True)
    added = fields.Integer(required=True)
    duplicates = fields.Integer(
        required=True,
        metadata={
            "description": "Pages and feeds that the workspace had already, or that come again."
        },
    )
    refused = fields.Integer(required=True)
    missed = fields.Integer(
        required=True,
        metadata={
            "description": "Entries that the file has by a plain count, but that could not be told "
            "apart, or that it says are missing. If there are any, or the file was cut, the import "
            "ends as `incomplete`."
        },
    )
    mistakes = fields.List(
        fields.Nested(ImportMistake),
        required=True,
        metadata={
            "description": "Why entries were refused, for the first thousand; in the list of "
            "imports, for the first fifty."
        },
    )
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the import failed, or why it is incomplete."},
    )
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


ImportPage = page_of(Import)


class ArchiveFields(Schema):
    """What may be sent with an archive: nothing."""
