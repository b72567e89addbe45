"""Sends mails: by SMTP, or to the terminal in development. `sender_from` chooses.

The SMTP dialogue is imported at the first mail: smtplib takes a moment to load.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TextIO

from webapp.clients.mail.message import compose, sender_address
from webapp.clients.mail.server import server_of

if TYPE_CHECKING:
    import ssl

    from webapp.clients.mail.contract import Mail, Sender

DEFAULT_TIMEOUT: Final = 10.0
DEFAULT_DEADLINE: Final = 30.0


def sender_from(url: str | None, sender: str) -> Sender:
    """The sender that the settings name; without SMTP_URL the one that prints.

    That one shows tokens to anybody who reads the output: it is for development. Raises ValueError
    for a wrong `url`, or a `sender` that is not an address.
    """
    if not url or not url.strip():
        return PrintingSender(sender=sender)
    return SmtpSender(url, sender)


class SmtpSender:
    """Sends each mail over a connection of its own.

    `url` is as for `check_url`; `sender` is the address mails come from. `timeout` bounds each
    answer of the server, `deadline` a whole mail, both in seconds.

    Certificates are verified by the system's store; OpenSSL takes another one from SSL_CERT_FILE.
    Raises ValueError for a wrong `url` or `sender`.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        self._server = server_of(url)
        self._sender = sender_address(sender)
        self._timeout = timeout
        self._deadline = deadline
        self._trust: ssl.SSLContext | None = None

    def send(self, mail: Mail) -> None:
        """Hand `mail` to the server. Raises MailError."""
        from webapp.clients.mail import smtp

        message = compose(mail, self._sender)
        if self._server.secure and self._trust is None:
            # Reading the system's certificates takes a while, so once. Two threads may both do it.
            self._trust = smtp.system_trust(self._server.host)
        smtp.deliver(
            message,
            self._server,
            self._trust,
            timeout=self._timeout,
            deadline=self._deadline,
        )

    def close(self) -> None:
        """Nothing is held between two mails."""


class PrintingSender:
    """Writes each mail, readable, to `stream`; by default to the current sys.stdout.

    Refuses the mails that `SmtpSender` refuses before it asks a server.
    """

    def __init__(self, stream: TextIO | None = None, *, sender: str = "coffer@localhost") -> None:
        self._stream = stream
        self._sender = sender_address(sender)

    def send(self, mail: Mail) -> None:
        """Write `mail`. Raises MailError."""
        message = compose(mail, self._sender)
        names = ("From", "To", "Subject", "Date", "Message-ID")
        headers = [f"{name}: {message[name]}" for name in names]
        lines = [*headers, "", *message.get_content().splitlines()]
        block = ["", "┌─ Mail (not sent: SMTP_URL is not set)", *(f"│ {line}" for line in lines)]
        stream = self._stream or sys.stdout
        # In one piece: threads write at the same time.
        stream.write("\n".join([*block, "└─", ""]))
        stream.flush()

    def close(self) -> None:
        """The stream is its owner's."""
