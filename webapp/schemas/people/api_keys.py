"""API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from marshmallow import Schema, ValidationError, fields, validate

from webapp.schemas.common import ShortList, page_of, text

_LONGEST: Final = timedelta(days=3653)


def _in_the_future(moment: datetime) -> None:
    if not timedelta(0) < moment - datetime.now(UTC) <= _LONGEST:
        raise ValidationError("Must be in the future, within ten years.")


class NewApiKey(Schema):
    """A key to be made, for the workspace of this request."""

    name = text(1, 100, required=True, metadata={"example": "backup script"})
    scopes = ShortList(
        fields.String(validate=validate.Length(1, 100)),
        most=50,
        required=True,
        metadata={
            "description": "Permissions that the key has, of those that its owner has; see "
            "`permissions` of /api/auth/me.",
            "example": ["workspace:items:read"],
        },
    )
    expires_at = fields.AwareDateTime(
        load_default=None, default_timezone=UTC, validate=_in_the_future
    )


class ApiKey(Schema):
    """A key, without its secret."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "How the key begins."})
    workspace_id = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    last_used_at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "To the minute."}
    )
    last_used_address = fields.String(required=True, allow_none=True)


class MadeApiKey(ApiKey):
    """A key with its secret, which is shown this once."""

    key = fields.String(required=True, metadata={"description": "For `X-API-Key`. Keep it."})


ApiKeyPage = page_of(ApiKey)
