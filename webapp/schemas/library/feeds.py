"""Feeds whose new entries become items."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import MAX_URL, PageArguments, ShortList, page_of, tag, text
from webapp.schemas.library.items import PageUrl

STATUSES: Final = ("active", "failing", "stopped")
ACTIONS: Final = ("stop", "resume")

SHORTEST_INTERVAL: Final = 15
LONGEST_INTERVAL: Final = 30 * 24 * 60
DEFAULT_INTERVAL: Final = 60

_MOST_TAGS: Final = 20


def _name(**more: Any) -> fields.Field[Any]:
    description = "How you call it; by default it has its own title."
    return text(1, 200, allow_none=True, metadata={"description": description}, **more)


def _folder_id(**more: Any) -> fields.UUID:
    description = "The folder that its items are put into."
    return fields.UUID(allow_none=True, metadata={"description": description}, **more)


def _tags(**more: Any) -> ShortList:
    description = "Tags that its items get; missing ones are created."
    return ShortList(tag(), most=_MOST_TAGS, metadata={"description": description}, **more)


def _interval(**more: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(SHORTEST_INTERVAL, LONGEST_INTERVAL),
        metadata={"description": "Minutes between two checks, 15 minutes to 30 days."},
        **more,
    )


class NewFeed(Schema):
    """A feed to follow."""

    url = PageUrl(
        required=True,
        metadata={
            "format": "uri",
            "maxLength": MAX_URL,
            "example": "https://example.com/feed.xml",
            "description": "Of the feed, or of a page that names its feed.",
        },
    )
    name = _name(load_default=None)
    folder_id = _folder_id(load_default=None)
    tags = _tags(load_default=list)
    interval_minutes = _interval(load_default=DEFAULT_INTERVAL)


class FeedChange(Schema):
    """Changes to a feed; null takes its name or its folder away."""

    action = fields.String(
        load_default=None,
        validate=validate.OneOf(ACTIONS),
        metadata={"description": "`resume` checks it at once."},
    )
    name = _name()
    folder_id = _folder_id()
    tags = _tags()
    interval_minutes = _interval()


class Feed(Schema):
    """A feed."""

    id = fields.UUID(required=True)
    url = fields.String(
        required=True,
        metadata={"description": "Where it is, after permanent redirects."},
    )
    name = fields.String(required=True, allow_none=True)
    title = fields.String(required=True, allow_none=True, metadata={"description": "Its own."})
    site_url = fields.String(required=True, allow_none=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    interval_minutes = fields.Integer(required=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={
            "description": "`failing`: the last check failed, see `last_error`. `stopped`: it is "
            "gone for good, or somebody stopped it."
        },
    )
    last_error = fields.String(required=True, allow_none=True)
    checked_at = fields.DateTime(required=True, allow_none=True)
    next_check_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


FeedPage = page_of(Feed)


class FeedArguments(PageArguments):
    """Which feeds."""

    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))
