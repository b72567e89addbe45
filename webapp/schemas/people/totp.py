"""The second factor."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import text
from webapp.schemas.people.accounts import present_password


class Reauthentication(Schema):
    """The proof that it is still the user who sits there."""

    password = present_password()


class Code(Schema):
    """A code of the app."""

    code = text(6, 6, required=True, metadata={"example": "123456"})


class TotpChange(Schema):
    """The proof that it is the user, and has the second factor."""

    password = present_password()
    code = text(6, 40, required=True, metadata={"description": "From the app, or a recovery code."})


class Enrolment(Schema):
    """What an authenticator app is set up with. Nothing is asked for until a code was verified."""

    secret = fields.String(required=True)
    uri = fields.String(required=True, metadata={"example": "otpauth://totp/…"})
    qr_svg = fields.String(required=True, metadata={"description": "The URI as a QR code."})


class RecoveryCodes(Schema):
    """Codes for when the phone is gone, each good once. They are shown here and never again."""

    recovery_codes = fields.List(fields.String(), required=True)
