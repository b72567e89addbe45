"""Changes: what happened in a workspace, for programs that follow it."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

MOST_NAMES: Final = 50

_NAME: Final = re.compile(r"[a-z_]{1,50}\.(\*|[a-z_.]{1,50})")


def is_event_name(value: str) -> None:
    """Validate the name of an event, or of all events of an entity."""
    if not _NAME.fullmatch(value):
        raise ValidationError("Not the name of an event, such as document.read or document.*.")


class EventNames(fields.String):
    """Names of events, separated by commas."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        names = super()._deserialize(value, *args, **kwargs).split(",")
        if len(names) > MOST_NAMES:
            raise ValidationError(f"Names more than {MOST_NAMES} events.")
        for name in names:
            is_event_name(name)
        return names


class FollowArguments(Schema):
    """From where to go on, and what with."""

    since = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={
            "description": "`next_cursor` of the response before, unchanged; `now` for what "
            "happens from now on. By default the oldest changes that are kept."
        },
    )
    events = EventNames(
        load_default=None,
        metadata={
            "description": "Only these, separated by commas. `document.*` means all of documents.",
            "example": "document.read,item.*",
        },
    )


class ChangeArguments(FollowArguments):
    """Which changes."""

    limit = fields.Integer(
        load_default=100,
        validate=validate.Range(1, 1000),
        metadata={"description": "The maximum number of changes."},
    )


class Change(Schema):
    """Something that happened. It names the thing, and tells nothing of its contents."""

    id = fields.Integer(
        required=True, metadata={"description": "Unique, but not in the order of changes."}
    )
    event = fields.String(required=True, metadata={"example": "document.read"})
    entity = fields.String(required=True, metadata={"example": "document"})
    entity_id = fields.UUID(required=True)
    from_status = fields.String(required=True, allow_none=True)
    to_status = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    request_id = fields.String(required=True, allow_none=True)
    occurred_at = fields.DateTime(required=True)


class ChangePage(Schema):
    """Changes, in an order that stays the same for everybody who asks."""

    items = fields.List(fields.Nested(Change), required=True)
    next_cursor = fields.String(
        required=True,
        metadata={"description": "What to send as `since` next; also if there are no more."},
    )
    has_more = fields.Boolean(
        required=True, metadata={"description": "Whether to ask again at once."}
    )
