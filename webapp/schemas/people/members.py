"""Members of a workspace."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of

ROLES: Final = ("owner", "member", "viewer")


class MemberChange(Schema):
    """A new role."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))


class Member(Schema):
    """A member."""

    id = fields.UUID(required=True, metadata={"description": "The user's."})
    handle = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    joined_at = fields.DateTime(required=True)


MemberPage = page_of(Member)
