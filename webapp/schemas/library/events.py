"""Events: what happened to a thing, in order."""

from __future__ import annotations

from marshmallow import Schema, fields


class Event(Schema):
    """One step of a timeline."""

    id = fields.Integer(required=True)
    event = fields.String(required=True, metadata={"example": "item.enriched"})
    from_status = fields.String(required=True, allow_none=True)
    to_status = fields.String(required=True, allow_none=True)
    actor = fields.String(
        required=True, metadata={"description": "`user:` and an id, or `worker:` and its name."}
    )
    request_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The request that caused it, even if a worker did it later."},
    )
    payload = fields.Dict(required=True)
    occurred_at = fields.DateTime(required=True)


class EventPage(Schema):
    """A page of a timeline, oldest first."""

    items = fields.List(fields.Nested(Event), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
