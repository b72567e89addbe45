"""Changes of the mail address."""

from __future__ import annotations

from marshmallow import Schema

from webapp.schemas.common import email
from webapp.schemas.people.accounts import mail_token, present_password


class NewEmail(Schema):
    """A new address for your account."""

    email = email()
    password = present_password()


class EmailToken(Schema):
    """The token of a mail about a new address."""

    token = mail_token()
