"""A mail in the form that is sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from webapp.clients.mail.contract import Mail, MailError
from webapp.clients.mail.server import UNFIT
from webapp.rules.mail_address import address_of

if TYPE_CHECKING:
    from email.message import EmailMessage

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_UNFIT_IN_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message to send, from `sender`.

    Raises MailError, permanent, for a mail that is not valid.
    """
    from email.message import EmailMessage

    to = address_of(mail.to)
    if to is None:
        # Not quoted: the address may be anything, and the error is stored.
        raise MailError("The recipient is not an address that mail can be sent to.", permanent=True)
    if UNFIT.search(mail.subject):
        raise MailError("The subject is not a single line of text.", permanent=True)
    if not _ID.fullmatch(mail.id):
        raise MailError("The mail has no id that a Message-ID can be made from.", permanent=True)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = mail.subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    # Keeps out-of-office replies away.
    message["Auto-Submitted"] = "auto-generated"
    # Always the same encoding, which keeps long lines and trailing spaces, and is still readable
    # for anybody who inspects a mail on its way.
    text = _UNFIT_IN_TEXT.sub("\ufffd", mail.text.replace("\r\n", "\n"))
    message.set_content(text, cte="quoted-printable")
    return message


def sender_address(sender: str) -> str:
    """`sender` as written in messages. Raises ValueError if it is not an address."""
    address = address_of(sender)
    if address is None:
        raise ValueError("the sender must be an address, such as coffer@example.com")
    return address
