"""Authorizing connections at Google and Microsoft."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import text, web_address


class NewAuthorization(Schema):
    """A connection to be authorized."""

    name = text(1, 100, load_default=None, metadata={"example": "My Drive"})
    connection_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "A connection to authorize again, instead of a new one."},
    )
    return_to = fields.String(
        load_default=None,
        validate=[validate.Length(max=2048), web_address],
        metadata={
            "description": "A page of APP_URL or of an origin in CORS_ORIGINS: the browser ends "
            "there, with `#connection_id=…`. Without it the callback answers with the connection."
        },
    )


class Authorization(Schema):
    """Where to send the browser."""

    url = fields.String(required=True)
    state = fields.String(
        required=True, metadata={"description": "Comes back unchanged; it is in a cookie too."}
    )


class AuthorizationCallback(Schema):
    """What the provider sends the browser back with."""

    state = fields.String(load_default=None, validate=validate.Length(max=500))
    code = fields.String(load_default=None, validate=validate.Length(max=4000))
    error = fields.String(load_default=None, validate=validate.Length(max=200))
