"""Sessions: logging in, and what one gets by it (A1, A2)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import Flag, email, page_of, text

_COOKIE = {
    "description": "true: the refresh token comes as an HttpOnly cookie, not in the body. For "
    "pages in a browser."
}


class Credentials(Schema):
    """Who logs in."""

    email = email()
    password = fields.String(required=True, validate=validate.Length(1, 200))
    cookie = Flag(load_default=False, metadata=_COOKIE)


class SecondStep(Schema):
    """The second factor: a code of the app, or a recovery code."""

    ticket = fields.String(required=True, validate=validate.Length(1, 200))
    code = text(6, 6, load_default=None, metadata={"example": "123456"})
    recovery_code = text(1, 40, load_default=None)
    cookie = Flag(load_default=False, metadata=_COOKIE)

    @validates_schema
    def has_one_code(self, given: dict[str, Any], **_: Any) -> None:
        if (given["code"] is None) == (given["recovery_code"] is None):
            raise ValidationError("Give `code` or `recovery_code`.", "code")


class Refresh(Schema):
    """The refresh token, unless it comes as a cookie."""

    refresh_token = fields.String(load_default=None, validate=validate.Length(1, 200))


class Tokens(Schema):
    """A session's tokens."""

    access_token = fields.String(
        required=True, metadata={"description": "For `Authorization: Bearer …`."}
    )
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(
        required=True, metadata={"description": "Seconds for which the access token is good."}
    )
    refresh_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Good once, for the next tokens. Null where it is a cookie."},
    )
    csrf_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "With the cookie: to be sent as X-CSRF-Token."},
    )


class Ticket(Schema):
    """The password was right; the second factor is asked for."""

    totp_required = fields.Boolean(required=True)
    ticket = fields.String(required=True, metadata={"description": "For /api/auth/login/totp."})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})


class Session(Schema):
    """A session that is not over."""

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
