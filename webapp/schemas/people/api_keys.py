"""API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from marshmallow import Schema, ValidationError, fields, validate

from webapp.identity.api_keys import LONGEST_LIFETIME, USUAL_LIFETIME
from webapp.schemas.common import ShortList, page_of, text
from webapp.schemas.people.accounts import present_password


def _within_a_year(moment: datetime) -> None:
    if not timedelta(0) < moment - datetime.now(UTC) <= LONGEST_LIFETIME:
        raise ValidationError("Must be in the future, within a year.")


class NewApiKey(Schema):
    """A new key, for the workspace of this request."""

    name = text(1, 100, required=True, metadata={"example": "backup script"})
    scopes = ShortList(
        fields.String(validate=validate.Length(1, 100)),
        most=50,
        required=True,
        metadata={
            "description": "The key's permissions, each of which its owner must have; see "
            "`permissions` of /api/auth/me.",
            "example": ["workspace:items:read"],
        },
    )
    expires_at = fields.AwareDateTime(
        load_default=lambda: datetime.now(UTC) + USUAL_LIFETIME,
        default_timezone=UTC,
        validate=_within_a_year,
        metadata={"description": "Within a year; by default in ninety days."},
    )
    password = present_password()


class ApiKey(Schema):
    """A key, without its secret."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "How the key begins."})
    workspace_id = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    last_used_at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "To the minute."}
    )
    last_used_address = fields.String(required=True, allow_none=True)


class MadeApiKey(ApiKey):
    """A key with its secret, which is shown only once."""

    key = fields.String(
        required=True, metadata={"description": "For `X-API-Key`. Shown only once."}
    )


ApiKeyPage = page_of(ApiKey)
