"""Public links to documents and folders."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.identity.passwords import LONGEST
from webapp.schemas.common import page_of
from webapp.schemas.documents.shares import end

_SHORTEST_PASSWORD: Final = 4
_MOST: Final = 1_000_000

_MOST_DOWNLOADS: Final = {"description": "The link ends after so many; null: any number."}


class NewFolderLink(Schema):
    """How long a link lasts, and what it asks for."""

    expires_at = end(
        load_default=None, metadata={"description": "null: it lasts until it is ended."}
    )
    password = fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        validate=validate.Length(_SHORTEST_PASSWORD, LONGEST),
        metadata={"description": "Whoever follows the link must send it.", "format": "password"},
    )


class NewLink(NewFolderLink):
    """The same for a document."""

    most_downloads = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, _MOST),
        metadata=_MOST_DOWNLOADS,
    )


class Link(Schema):
    """A link, without its address."""

    id = fields.UUID(required=True)
    needs_password = fields.Boolean(required=True)
    most_downloads = fields.Integer(required=True, allow_none=True, metadata=_MOST_DOWNLOADS)
    downloads = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    last_used_at = fields.DateTime(required=True, allow_none=True)


class MadeLink(Link):
    """A link with its address, which is shown only once."""

    url = fields.String(
        required=True,
        metadata={"description": "Says what the file is; `/download` and `/preview` below it."},
    )


class MadeFolderLink(Link):
    """A link to a folder with its address, which is shown only once."""

    url = fields.String(
        required=True,
        metadata={"description": "Says what the folder is; `/items` and `/feed` below it."},
    )


LinkPage = page_of(Link)


class LinkedThing(Schema):
    """The folder or the file that a link leads to."""

    type = fields.String(required=True, validate=validate.OneOf(("document", "folder")))
    name = fields.String(required=True)
    bytes = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null for a folder."}
    )
    media_type = fields.String(required=True, allow_none=True)
    needs_password = fields.Boolean(
        required=True,
        metadata={"description": "Send it by HTTP Basic authentication, with any user name."},
    )
    expires_at = fields.DateTime(required=True, allow_none=True)


class LinkedItem(Schema):
    """What everybody may know of an item."""

    id = fields.UUID(required=True)
    title = fields.String(required=True)
    source_url = fields.String(required=True, allow_none=True)
    summary = fields.String(required=True, allow_none=True)
    author = fields.String(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    published_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class LinkedItems(Schema):
    """A page of the items in a folder."""

    name = fields.String(required=True, metadata={"description": "The folder's name."})
    items = fields.List(fields.Nested(LinkedItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
