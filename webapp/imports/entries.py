"""The fields of an imported entry: those of the API, and those that only exports have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from webapp.rules.names import is_blank
from webapp.schemas.common import ShortList, moment, tag, text
from webapp.schemas.library.items import SOURCE_TYPES, SUGGESTION_STATUSES, PageUrl
from webapp.schemas.library.tasks import NewTask

MOST_TAGS: Final = 1000
_MOST_SUGGESTIONS: Final = 1000
_MOST_FOLDERS: Final = 1000
_MOST_LEVELS: Final = 1000


# Two days inside the range of times that Python can represent in any zone.
_FIRST_DAY: Final = datetime(1, 1, 3, tzinfo=UTC)
_LAST_DAY: Final = datetime(9999, 12, 29, tzinfo=UTC)
_FIRST_START: Final = _FIRST_DAY.replace(tzinfo=None)
_LAST_START: Final = _LAST_DAY.replace(tzinfo=None)


def _optional(longest: int) -> fields.String:
    return fields.String(load_default=None, allow_none=True, validate=validate.Length(max=longest))


class _Suggestion(Schema):
    class Meta:
        unknown = EXCLUDE

    name = tag(required=True)
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    status = fields.String(required=True, validate=validate.OneOf(SUGGESTION_STATUSES))


class ItemEntry(Schema):
    """An item. Unknown fields, such as an id, are ignored."""

    class Meta:
        unknown = EXCLUDE

    source_type = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(SOURCE_TYPES)
    )
    source_url = PageUrl(load_default=None, allow_none=True)
    raw_text = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 10_000)
    )
    status = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(["enriching", "ready_to_confirm", "failed", "confirmed"]),
    )
    document_id = fields.UUID(load_default=None, allow_none=True)
    title = text(1, 200, load_default=None, allow_none=True)
    summary = _optional(2000)
    language = _optional(20)
    author = _optional(200)
    content = _optional(500_000)
    error = _optional(2000)
    is_read = fields.Boolean(load_default=False)
    is_favourite = fields.Boolean(load_default=False)
    tags = ShortList(tag(), most=MOST_TAGS, load_default=list)
    suggestions = ShortList(fields.Nested(_Suggestion), most=_MOST_SUGGESTIONS, load_default=list)
    folders = ShortList(
        ShortList(fields.String(), most=_MOST_LEVELS), most=_MOST_FOLDERS, load_default=list
    )
    published_at = fields.AwareDateTime(
        load_default=None, allow_none=True, validate=validate.Range(_FIRST_DAY, _LAST_DAY)
    )
    created_at = moment(load_default=None, allow_none=True)
    updated_at = moment(load_default=None, allow_none=True)
    confirmed_at = moment(load_default=None, allow_none=True)

    @validates_schema
    def has_a_text_or_a_url(self, item: dict[str, Any], **_: Any) -> None:
        if is_blank(item.get("raw_text") or "") and item.get("source_url") is None:
            raise ValidationError("Has neither text nor an address.", "raw_text")


class TaskEntry(NewTask):
    """A task. Unknown fields, such as an id, are ignored."""

    class Meta:
        unknown = EXCLUDE

    # A rule may lead further than a client may set.
    due_at = fields.AwareDateTime(
        load_default=None,
        allow_none=True,
        default_timezone=UTC,
        validate=validate.Range(_FIRST_DAY, _LAST_DAY),
    )
    tags = ShortList(tag(), most=MOST_TAGS, load_default=list)
    completed = fields.Boolean(load_default=False)
    recurs_from = fields.NaiveDateTime(
        load_default=None, allow_none=True, validate=validate.Range(_FIRST_START, _LAST_START)
    )
    follows_id = fields.UUID(load_default=None, allow_none=True)
    reminded_at = moment(load_default=None, allow_none=True)

    def reminds_in_one_way(self, task: dict[str, Any], **_: Any) -> None:
        """An export has both."""

    created_at = moment(load_default=None, allow_none=True)
    updated_at = moment(load_default=None, allow_none=True)
    completed_at = moment(load_default=None, allow_none=True)
