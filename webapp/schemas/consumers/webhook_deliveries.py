"""What was sent to a webhook."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import PageArguments, moment, page_of

STATUSES: Final = ("pending", "delivered", "failed", "skipped")


class DeliveryArguments(PageArguments):
    """Which deliveries."""

    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))


class Try(Schema):
    """One attempt."""

    at = fields.DateTime(required=True)
    milliseconds = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class WebhookDelivery(Schema):
    """One event that a webhook is told of."""

    id = fields.UUID(required=True)
    event_id = fields.Integer(
        required=True, metadata={"description": "The `webhook-id` that is sent."}
    )
    event = fields.String(required=True)
    entity = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What kind of thing it is about; null once it is no longer kept."},
    )
    entity_id = fields.UUID(required=True, allow_none=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "`skipped`: the webhook was paused. It can be replayed."},
    )
    attempts = fields.Integer(
        required=True, metadata={"description": "Since it was created or replayed."}
    )
    tries = fields.List(
        fields.Nested(Try),
        required=True,
        metadata={"description": "The last twenty attempts, oldest first."},
    )
    response_status = fields.Integer(required=True, allow_none=True)
    response_excerpt = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    next_attempt_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


WebhookDeliveryPage = page_of(WebhookDelivery)


class Span(Schema):
    """A span of time in which events happened."""

    since = moment(required=True)
    until = moment(load_default=None, allow_none=True, metadata={"description": "By default now."})

    @validates_schema
    def _is_one(self, span: dict[str, object], **_: object) -> None:
        since, until = span.get("since"), span.get("until")
        if since is not None and until is not None and until <= since:  # type: ignore[operator]
            raise ValidationError("Must be after `since`.", "until")


class Replayed(Schema):
    """How many deliveries are sent again."""

    replayed = fields.Integer(required=True)
    has_more = fields.Boolean(
        required=True, metadata={"description": "Whether to ask again for the rest."}
    )
