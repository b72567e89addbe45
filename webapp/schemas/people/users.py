"""Users, as admins see them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of


class UserArguments(PageArguments):
    """Which users."""

    q = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "In the address, the name or the handle."},
    )
    is_disabled = fields.Boolean(load_default=None, data_key="disabled")
    is_admin = fields.Boolean(load_default=None, data_key="admin")


class User(Schema):
    """A user."""

    id = fields.UUID(required=True)
    handle = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    is_email_verified = fields.Boolean(required=True)
    name = fields.String(required=True, allow_none=True)
    is_admin = fields.Boolean(required=True)
    disabled_at = fields.DateTime(required=True, allow_none=True)
    has_totp = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)


UserPage = page_of(User)
