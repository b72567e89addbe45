"""Webhooks: endpoints of other programs."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import MAX_URL, Clearable, ShortList, page_of, web_address
from webapp.schemas.consumers.changes import MOST_NAMES, is_event_name

STATUSES: Final = ("active", "paused")

_EVENTS: Final = {
    "description": "The events it is told of; `document.*` means all of documents, null all there "
    "are. Of what is one user's alone it is not told.",
    "example": ["document.read", "item.*"],
}


def _url(**more: object) -> fields.String:
    return fields.String(
        validate=[validate.Length(max=MAX_URL), web_address],
        metadata={
            "description": "Where to POST. Must begin with https:// and be on the public internet.",
            "example": "https://example.com/coffer",
        },
        **more,  # type: ignore[arg-type]
    )


def _description(**more: object) -> Clearable:
    return Clearable(validate=validate.Length(max=200), allow_none=True, **more)  # type: ignore[arg-type]


def _events(**more: object) -> ShortList:
    return ShortList(
        fields.String(validate=is_event_name),
        most=MOST_NAMES,
        allow_none=True,
        metadata=_EVENTS,
        **more,
    )


class NewWebhook(Schema):
    """A webhook to be made."""

    url = _url(required=True)
    description = _description(load_default=None)
    events = _events(load_default=None)

    @validates_schema
    def _names_something(self, new: dict[str, object], **_: object) -> None:
        if new.get("events") == []:
            raise ValidationError("Name at least one event, or give null for all.", "events")


class WebhookChange(NewWebhook):
    """What is to be changed."""

    url = _url()
    description = _description()
    events = _events()
    action = fields.String(validate=validate.OneOf(("pause", "resume")))

    @validates_schema
    def _changes_something(self, change: dict[str, object], **_: object) -> None:
        if not change:
            raise ValidationError("Change something.", "body")


class Webhook(Schema):
    """A webhook. Its secret is never shown again."""

    id = fields.UUID(required=True)
    url = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    events = fields.List(fields.String(), required=True, allow_none=True, metadata=_EVENTS)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    pause_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "`gone`: it answered 410. `failing`: it has accepted nothing for five "
            "days. null: somebody paused it."
        },
    )
    failing_since = fields.DateTime(required=True, allow_none=True)
    held_until = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "It does not answer, and is not called before."},
    )
    previous_until = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Until then messages are signed with the former secret too."},
    )
    created_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown only here."""

    secret = fields.String(required=True, metadata={"example": "whsec_…"})


WebhookPage = page_of(Webhook)
