"""Single sign-on."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import web_address


class SsoStart(Schema):
    """Where to go after the log-in."""

    return_to = fields.String(
        load_default=None,
        validate=[validate.Length(max=2048), web_address],
        metadata={
            "description": "A page of APP_URL or of an origin in CORS_ORIGINS: it gets the session "
            "as a cookie and `#csrf_token=…`, or `#totp_ticket=…` if the second factor is "
            "required. Without it the callback answers with the tokens as JSON."
        },
    )


class SsoCallback(Schema):
    """What the provider sends the browser back with."""

    state = fields.String(load_default=None, validate=validate.Length(max=500))
    code = fields.String(load_default=None, validate=validate.Length(max=4000))
    iss = fields.String(load_default=None, validate=validate.Length(max=2048))
    error = fields.String(load_default=None, validate=validate.Length(max=200))


class SsoProvider(Schema):
    """A provider that you can sign in with."""

    name = fields.String(required=True)
    login_url = fields.String(required=True, metadata={"example": "/api/auth/sso/work/login"})


class SsoProviders(Schema):
    """The providers of this server."""

    items = fields.List(fields.Nested(SsoProvider), required=True)
