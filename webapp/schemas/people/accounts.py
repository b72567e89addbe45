"""Accounts: registering, passwords, and what users see of themselves."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.identity.passwords import LONGEST, SHORTEST
from webapp.schemas.common import Clearable, Flag, email, text


def _new_password() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(SHORTEST, LONGEST),
        metadata={"description": "A password that is easy to guess is refused."},
    )


def present_password() -> fields.String:
    """The signed-in user's password, asked for again."""
    return fields.String(
        load_default=None,
        validate=validate.Length(1, LONGEST),
        metadata={
            "description": "The current one. An account without a password needs a log-in within "
            "the last ten minutes."
        },
    )


def revoke_api_keys(*, by_default: bool) -> Flag:
    """Whether the API keys of an account end with its sessions."""
    return Flag(
        load_default=by_default,
        metadata={"description": "Whether to revoke all of your API keys as well."},
    )


def mail_token() -> fields.String:
    """A token that came by mail."""
    return fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "From the mail."},
    )


class Registration(Schema):
    """A request for an account."""

    email = email()
    password = _new_password()
    name = text(1, 100, load_default=None)
    invitation_token = fields.String(
        load_default=None,
        validate=validate.Length(1, 200),
        metadata={
            "description": "If registration is closed, an invitation to this address allows it."
        },
    )


class MailSent(Schema):
    """What happens next; the same whether the address has an account or not."""

    status = fields.String(required=True, metadata={"example": "see_your_mail"})


class Confirmation(Schema):
    """Proof that the address is yours, and that you chose the password."""

    token = mail_token()
    password = fields.String(
        required=True,
        validate=validate.Length(1, LONGEST),
        metadata={"description": "The one chosen when registering."},
    )


class PasswordChange(Schema):
    """A new password."""

    current_password = present_password()
    new_password = _new_password()
    revoke_api_keys = revoke_api_keys(by_default=False)


class Forgotten(Schema):
    """Whose password was forgotten."""

    email = email()


class PasswordReset(Schema):
    """A new password, for the reader of the account's mail."""

    token = mail_token()
    password = _new_password()
    revoke_api_keys = revoke_api_keys(by_default=True)


class AccountChange(Schema):
    """What users can change about themselves."""

    name = Clearable(
        load_default=None,
        validate=validate.Length(max=100),
        metadata={"description": "Empty or null: none."},
    )
    handle = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.Regexp(
            r"[a-z0-9][a-z0-9._-]{0,63}\Z", error="Must be 1 to 64 of a-z, 0-9, '.', '_', '-'."
        ),
    )

    is_reminded_by_mail = Flag(
        load_default=None, metadata={"description": "Whether reminders of tasks come by mail, too."}
    )


class Account(Schema):
    """What users see about themselves."""

    id = fields.UUID(required=True)
    handle = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    is_email_verified = fields.Boolean(required=True)
    name = fields.String(required=True, allow_none=True)
    is_admin = fields.Boolean(required=True)
    is_reminded_by_mail = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True)
    password_changed_at = fields.DateTime(required=True, allow_none=True)
    has_totp = fields.Boolean(required=True)
    recovery_codes_left = fields.Integer(required=True)
    sso_providers = fields.List(fields.String(), required=True)
    workspace_id = fields.UUID(required=True, metadata={"description": "Your personal one."})
    created_at = fields.DateTime(required=True)
    permissions = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "In the workspace of this request, and outside workspaces."},
    )
