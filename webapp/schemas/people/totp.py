"""The second factor."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import text
from webapp.schemas.people.accounts import present_password


class Reauthentication(Schema):
    """Proof that it is still the user."""

    password = present_password()


class Code(Schema):
    """A code from the app."""

    code = text(6, 6, required=True, metadata={"example": "123456"})


class TotpChange(Schema):
    """Proof that it is the user, with the second factor."""

    password = present_password()
    code = text(6, 40, required=True, metadata={"description": "From the app, or a recovery code."})


class Enrolment(Schema):
    """What an authenticator app is set up with. No code is required until one was verified."""

    secret = fields.String(required=True)
    uri = fields.String(required=True, metadata={"example": "otpauth://totp/…"})
    qr_svg = fields.String(required=True, metadata={"description": "The URI as a QR code."})


class RecoveryCodes(Schema):
    """Codes for a lost phone, each valid once. They are shown only here."""

    recovery_codes = fields.List(fields.String(), required=True)
