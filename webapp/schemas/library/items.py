"""Items: links and notes."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.rules.names import is_blank
from webapp.rules.web_address import parts_of
from webapp.schemas.common import (
    MAX_URL,
    Clearable,
    Flag,
    PageArguments,
    ShortList,
    Trimmed,
    tag,
    text,
)

SOURCE_TYPES: Final = ("note", "article")
STATUSES: Final = ("enriching", "ready_to_confirm", "failed", "confirmed", "discarded")
SUGGESTION_STATUSES: Final = ("pending", "accepted", "rejected")
ACTIONS: Final = ("confirm", "discard")

_MOST_TAGS: Final = 20
_MOST_SUGGESTIONS: Final = 100
_MOST_FOLDERS: Final = 100


def tag_names(description: str) -> ShortList:
    return ShortList(
        tag(),
        most=_MOST_TAGS,
        load_default=list,
        metadata={"description": description},
    )


def of_document() -> fields.UUID:
    """A filter of lists."""
    return fields.UUID(
        load_default=None, allow_none=False, metadata={"description": "Those from a document."}
    )


def folder_ids(**more: Any) -> ShortList:
    """Some of the workspace's folders."""
    return ShortList(fields.UUID(), most=_MOST_FOLDERS, **more)


class OfFolder(Schema):
    """Filters of lists: those in a folder."""

    folder_id = fields.UUID(
        load_default=None, allow_none=False, metadata={"description": "Those in a folder."}
    )
    recursive = fields.Boolean(
        load_default=False,
        metadata={"description": "true: also those in the folders below `folder_id`."},
    )


class PageUrl(Trimmed):
    """The address of a page, as it was given; what may not stand in an address is encoded, as
    browsers do."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        url = super()._deserialize(value, *args, **kwargs)
        if len(url) > MAX_URL:  # before anything looks at it
            raise ValidationError(f"Longer than maximum length {MAX_URL}.")
        try:
            parts = parts_of(url)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        written = url if _PLAIN.match(url) and url.isprintable() else parts["href"]
        if len(written) > MAX_URL:
            raise ValidationError(f"Longer than maximum length {MAX_URL}.")
        return written


# An address in which nothing has to be encoded, except letters.
_PLAIN: Final = re.compile(r"https?://[^\s/\\][^\s\\]*$", re.IGNORECASE)


class PendingArguments(OfFolder, PageArguments):
    """Which items."""

    document_id = of_document()


class NewItem(Schema):
    """What a client captures: a text, a URL, or both; or a document."""

    source_type = fields.String(
        required=True,
        validate=validate.OneOf(SOURCE_TYPES),
        metadata={"description": "The page of an article's URL is fetched; a note's is not."},
    )
    raw_text = fields.String(
        load_default=None, validate=validate.Length(1, 10_000), metadata={"example": "Buy milk."}
    )
    source_url = PageUrl(
        load_default=None,
        metadata={
            "format": "uri",
            "maxLength": MAX_URL,
            "example": "https://example.com/article",
            "description": "What may not stand in an address, such as a space, is encoded.",
        },
    )
    title = text(1, 200, load_default=None, metadata={"description": "Not changed by enrichment."})
    document_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The document that it comes from. Without `raw_text` and `source_url`,"
            " the text is the document's title and summary."
        },
    )
    tags = tag_names("Names of tags; missing ones are created.")
    folder_ids = folder_ids(
        load_default=list, metadata={"description": "The folders to put it into."}
    )
    allow_duplicate = Flag(
        load_default=False,
        metadata={"description": "true: makes another item if the page was already captured."},
    )
    enrich = Flag(
        load_default=True, metadata={"description": "false: confirmed at once, unchanged."}
    )

    @validates_schema
    def has_a_text_or_a_url(self, item: dict[str, Any], **_: Any) -> None:
        if item["raw_text"] is not None and is_blank(item["raw_text"]):
            raise ValidationError("Must not be blank.", "raw_text")
        if all(item[name] is None for name in (*_SOURCES, "document_id")):
            raise ValidationError(
                {name: ["Give either raw_text or source_url."] for name in _SOURCES}
            )


_SOURCES: Final = ("raw_text", "source_url")


def _not_blank(value: str) -> None:
    if is_blank(value):
        raise ValidationError("Must not be blank.")


class ItemChange(Schema):
    """What a client does with an item: an action, edits, tags, or several at once."""

    action = fields.String(load_default=None, validate=validate.OneOf(ACTIONS))
    title = text(1, 200, load_default=None, allow_none=False)
    summary = Clearable(
        load_default=None,
        validate=validate.Length(max=2000),
        metadata={"description": "Empty or null: none."},
    )
    raw_text = fields.String(
        load_default=None,
        validate=[validate.Length(1, 10_000), _not_blank],
        metadata={"description": "Replaces the text; the former one is in the timeline."},
    )
    is_read = Flag(load_default=None)
    is_favourite = Flag(load_default=None)
    accepted_suggestion_ids = ShortList(fields.UUID(), most=_MOST_SUGGESTIONS, load_default=list)
    rejected_suggestion_ids = ShortList(fields.UUID(), most=_MOST_SUGGESTIONS, load_default=list)
    add_tags = tag_names("Names of tags to attach.")
    remove_tags = tag_names("Names of tags to remove; those it does not have are ignored.")
    folder_ids = folder_ids(
        load_default=None,
        metadata={"description": "The folders that it is in, in place of those it is in now."},
    )

    @validates_schema
    def decides_each_suggestion_once(self, change: dict[str, Any], **_: Any) -> None:
        if set(change["accepted_suggestion_ids"]) & set(change["rejected_suggestion_ids"]):
            raise ValidationError("Both accepted and rejected.", "rejected_suggestion_ids")


class Suggestion(Schema):
    """A tag that enrichment suggests."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    status = fields.String(required=True, validate=validate.OneOf(SUGGESTION_STATUSES))


class Progress(Schema):
    """The progress of work, in whatever units it counts."""

    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    doing = fields.String(required=True, allow_none=True, metadata={"example": "reading the page"})


class ItemFolder(Schema):
    """A folder that an item is in."""

    id = fields.UUID(required=True)
    path = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Names from the topmost folder to this one."},
    )


class ItemInList(Schema):
    """An item in a list."""

    id = fields.UUID(required=True)
    source_type = fields.String(required=True, validate=validate.OneOf(SOURCE_TYPES))
    source_url = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    title = fields.String(required=True, allow_none=True)
    summary = fields.String(required=True, allow_none=True)
    language = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "ISO 639-1, detected by enrichment."},
    )
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why enrichment failed, or its last attempt."},
    )
    tags = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    confirmed_at = fields.DateTime(required=True, allow_none=True)
    document_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "What it comes from."}
    )
    is_read = fields.Boolean(required=True)
    is_favourite = fields.Boolean(required=True)
    same_page_as = fields.UUID(
        required=True,
        allow_none=True,
        metadata={
            "description": "An older item of the same page, found when the page was read: the"
            " address leads there, or the page says so."
        },
    )
    folders = fields.List(fields.Nested(ItemFolder), required=True)


class Item(ItemInList):
    """A complete item."""

    raw_text = fields.String(
        required=True, allow_none=True, metadata={"description": "What the client sent."}
    )
    author = fields.String(required=True, allow_none=True)
    published_at = fields.DateTime(required=True, allow_none=True)
    content = fields.String(
        required=True, allow_none=True, metadata={"description": "The text of an article's page."}
    )
    page_url = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The page's address, if another: its own, or the one after redirects."
        },
    )
    suggestions = fields.List(fields.Nested(Suggestion), required=True)
    progress = fields.Nested(
        Progress,
        required=True,
        allow_none=True,
        metadata={"description": "The progress while a worker enriches it."},
    )


class DuplicateItem(Item):
    """The item of an already captured page."""

    duplicate_of = fields.UUID(required=True, metadata={"description": "The item's own id."})


class PageAddress(Schema):
    """The address of a page."""

    source_url = PageUrl(required=True, metadata={"maxLength": MAX_URL})


class CheckedAddress(Schema):
    """Whether a page was already captured."""

    normalized = fields.String(
        required=True, metadata={"description": "The normalized URL that is compared."}
    )
    duplicate_of = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The item; null for none."}
    )


class ItemPage(Schema):
    """A page of items."""

    items = fields.List(fields.Nested(ItemInList), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)
