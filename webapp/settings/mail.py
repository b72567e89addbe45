"""How mails are sent, and from whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.clients.mail.message import sender_address
from webapp.clients.mail.server import check_url
from webapp.settings.declaration import setting
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Mail(Environment):
    """Mail."""

    smtp_url: str | None = setting(
        None,
        check=check_url,
        secret=True,
        example="smtp://user:password@mail.example.com:587",
        about="""
        The mail server: smtp://user:password@host:587 (with STARTTLS) or
        smtps://user:password@host:465. Without it, mails are printed in development and not
        sent in production. Loopback needs no STARTTLS. For a certificate authority of your own, set
        SSL_CERT_FILE, which OpenSSL reads.
        """,
    )
    mail_from: str = setting(
        "coffer@localhost",
        derived=lambda found: "" if found.smtp_url else "coffer@localhost",
        example="coffer@example.com",
        about="The sender of mails.",
    )

    @property
    def sends_mail(self) -> bool:
        """Whether mail is sent: by SMTP, or in development to the terminal."""
        return self.smtp_url is not None or not self.in_production

    def mistakes(self) -> Iterator[Mistake]:
        try:
            sender_address(self.mail_from)
        except ValueError:
            yield "MAIL_FROM", "must be an address, such as coffer@example.com"
