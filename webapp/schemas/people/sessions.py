"""Sessions and their tokens."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of
from webapp.schemas.people.accounts import revoke_api_keys


class Refresh(Schema):
    """The refresh token, unless it is sent as a cookie."""

    refresh_token = fields.String(load_default=None, validate=validate.Length(1, 200))


class LogOutEverywhere(Schema):
    """What to end besides the sessions."""

    revoke_api_keys = revoke_api_keys(by_default=False)


class Tokens(Schema):
    """A session's tokens."""

    access_token = fields.String(
        required=True, metadata={"description": "For `Authorization: Bearer …`."}
    )
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(
        required=True, metadata={"description": "Seconds until the access token expires."}
    )
    refresh_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Valid once, to get the next tokens. Null if it is a cookie."},
    )
    csrf_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "With the cookie: send it as X-CSRF-Token."},
    )


class Session(Schema):
    """An active session."""

    id = fields.UUID(required=True)
    method = fields.String(required=True, metadata={"example": "password"})
    has_cookie = fields.Boolean(required=True)
    address = fields.String(required=True, allow_none=True)
    user_agent = fields.String(required=True, allow_none=True)
    is_current = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    refreshed_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


SessionPage = page_of(Session)


class Ended(Schema):
    """How many sessions were ended."""

    ended = fields.Integer(required=True)


class LoggedOutEverywhere(Ended):
    """What has ended, and what is left."""

    revoked_api_keys = fields.Integer(required=True)
    api_keys_left = fields.Integer(
        required=True, metadata={"description": "Those that still work, in all workspaces."}
    )
