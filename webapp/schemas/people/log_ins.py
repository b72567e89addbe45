"""Log-ins: credentials, and the second step."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import Flag, email, text

_COOKIE = {
    "description": "true: the refresh token is sent as an HttpOnly cookie, not in the body. For "
    "pages in a browser."
}


class Credentials(Schema):
    """Who logs in."""

    email = email()
    password = fields.String(required=True, validate=validate.Length(1, 200))
    cookie = Flag(load_default=False, metadata=_COOKIE)


class SecondStep(Schema):
    """The second factor: a code from the app, or a recovery code."""

    ticket = fields.String(required=True, validate=validate.Length(1, 200))
    code = text(6, 6, load_default=None, metadata={"example": "123456"})
    recovery_code = text(1, 40, load_default=None)
    cookie = Flag(load_default=False, metadata=_COOKIE)

    @validates_schema
    def has_one_code(self, given: dict[str, Any], **_: Any) -> None:
        if (given["code"] is None) == (given["recovery_code"] is None):
            raise ValidationError("Give `code` or `recovery_code`.", "code")


class Ticket(Schema):
    """The password was right; the second factor is required."""

    totp_required = fields.Boolean(required=True)
    ticket = fields.String(required=True, metadata={"description": "For /api/auth/login/totp."})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
