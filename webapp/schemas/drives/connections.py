"""Connections to drives and mailboxes."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import MAX_URL, PageArguments, page_of, text, web_address

PROVIDERS: Final = ("webdav", "nextcloud", "google_drive", "onedrive", "imap")
STATUSES: Final = ("active", "broken")
MOST_PATH: Final = 2_000


def drive_path(**more: object) -> fields.String:
    """A path on a drive, as a listing gives it."""
    return fields.String(validate=validate.Length(max=MOST_PATH), **more)  # type: ignore[arg-type]


def _password(**more: object) -> fields.String:
    return fields.String(
        validate=validate.Length(1, 1_000),
        load_only=True,
        metadata={"format": "password", "description": "Preferably an app password."},
        **more,  # type: ignore[arg-type]
    )


class NewConnection(Schema):
    """A connection to a WebDAV or IMAP server."""

    provider = fields.String(
        required=True,
        validate=validate.OneOf(["webdav", "nextcloud", "imap"]),
        metadata={"description": "Others begin at `/api/connections/{provider}/authorize`."},
    )
    name = text(1, 100, required=True, metadata={"example": "Scans"})
    base_url = fields.String(
        required=True,
        validate=validate.Length(max=MAX_URL),
        metadata={
            "description": "The address of the WebDAV folder, or of the Nextcloud server, which "
            "must begin with https://. Of a mail server: imaps://host or, for STARTTLS, "
            "imap://host.",
            "example": "https://cloud.example.com",
        },
    )
    user = text(1, 255, required=True)
    password = _password(required=True)

    @validates_schema
    def _address_is_of_its_kind(self, new: dict[str, str], **_: object) -> None:
        if new["provider"] == "imap":
            return  # the client says what is wrong with it
        try:
            web_address(new["base_url"])
        except ValidationError as error:
            raise ValidationError(error.messages, "base_url") from None


class ConnectionChange(Schema):
    """A new name, or new credentials, which are tried first."""

    name = text(1, 100)
    user = text(1, 255)
    password = _password()

    @validates_schema
    def _changes_something(self, change: dict[str, object], **_: object) -> None:
        if not change:
            raise ValidationError("Give a name or a password.", "body")
        if "user" in change and "password" not in change:
            raise ValidationError("Give the password of this user too.", "password")


class Connection(Schema):
    """A connection to a drive. Its credentials are never shown."""

    id = fields.UUID(required=True)
    provider = fields.String(required=True, validate=validate.OneOf(PROVIDERS))
    name = fields.String(required=True)
    base_url = fields.String(required=True, allow_none=True)
    account = fields.String(
        required=True, allow_none=True, metadata={"description": "The user on the drive."}
    )
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "`broken`: the drive does not accept the credentials any more."},
    )
    last_error = fields.String(required=True, allow_none=True)
    last_synced_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


ConnectionPage = page_of(Connection)


class FileListArguments(PageArguments):
    """Which folder of the drive."""

    path = drive_path(
        load_default="", metadata={"description": "The `path` of a folder; empty: the topmost."}
    )


class DriveEntry(Schema):
    """A file or folder on a drive."""

    path = fields.String(
        required=True,
        metadata={
            "description": "To be passed back unchanged. Google Drive's names are not unique, so "
            "its paths are ids."
        },
    )
    name = fields.String(required=True)
    is_folder = fields.Boolean(required=True)
    bytes = fields.Integer(required=True, allow_none=True)
    modified_at = fields.DateTime(required=True, allow_none=True)


DriveEntryPage = page_of(DriveEntry)
