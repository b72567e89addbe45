"""Invitations to a workspace."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import email, page_of
from webapp.schemas.people.accounts import mail_token
from webapp.schemas.people.members import ROLES


class NewInvitation(Schema):
    """Who is invited, as what."""

    email = email()
    role = fields.String(load_default="member", validate=validate.OneOf(ROLES))


class Acceptance(Schema):
    """The token of an invitation."""

    token = mail_token()


class Invitation(Schema):
    """A pending invitation."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    invited_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


InvitationPage = page_of(Invitation)
