"""Mail: one plain text to one recipient, by SMTP, or onto the terminal in development (A2).

`sender_from` chooses. A mail that failed may be sent again: it keeps its Message-ID, by which a
mailbox that got it twice can tell. No error text holds a password, an address or any of the mail:
of what a server says only its codes are repeated, since refusals like to quote what they refuse.

The dialogue with the server is in `mail_smtp`, imported at the first mail: smtplib takes a moment
to load, and every process that reads the settings imports this for `check_url`.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, TextIO
from urllib.parse import parse_qsl, unquote, urlsplit

from webapp.failure import Failure
from webapp.rules.mail_address import LABEL, MAX_DOMAIN, address_of

if TYPE_CHECKING:
    import ssl
    from email.message import EmailMessage

DEFAULT_TIMEOUT: Final = 10.0
DEFAULT_DEADLINE: Final = 30.0

_PORTS: Final = {"smtp": 587, "smtps": 465}

_HOST: Final = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
# What some program takes for the end of a line, what a terminal obeys, and what UTF-8 refuses.
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNFIT_IN_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. Its text and its recipient stay out of its repr, and so out of logs.

    `text` is plain, with any line ends. `id` is 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-': the
    same at each attempt, another for each mail.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    id: str


class MailError(Failure):
    """The mail was not sent, or nobody can tell whether it was.

    Permanent is only what is about this mail: its recipient or content is refused. What is about
    the server or the settings, a wrong password among them, is not: an operator mends that, and
    the mails that waited can then be sent.
    """


class Sender(Protocol):
    """What both senders promise. Safe to share between threads."""

    def send(self, mail: Mail) -> None:
        """Hand over `mail`. Raises MailError."""
        ...

    def close(self) -> None:
        """Give back what is held. Calling it again does nothing."""
        ...


def sender_from(url: str | None, sender: str) -> Sender:
    """The sender the settings name: with no SMTP_URL the one that prints.

    That one shows tokens to whoever reads the output: it is for development. Raises ValueError for
    a wrong `url`, or a `sender` that is no address.
    """
    if not url or not url.strip():
        return PrintingSender(sender=sender)
    return SmtpSender(url, sender)


class SmtpSender:
    """Sends each mail over a connection of its own.

    `url` is as for `check_url`; `sender` is the address mails come from. `timeout` bounds each
    answer of the server, `deadline` a whole mail, both in seconds. Looking up the host's name is
    the system's business and the only step they cannot cut short.

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
        self._sender = _sender_address(sender)
        self._timeout = timeout
        self._deadline = deadline
        self._trust: ssl.SSLContext | None = None

    def send(self, mail: Mail) -> None:
        """Hand `mail` to the server. Raises MailError."""
        from webapp.clients import mail_smtp

        message = compose(mail, self._sender)
        if self._server.secure and self._trust is None:
            # Reading the system's certificates takes a while, so once. Two threads may both do it.
            self._trust = mail_smtp.system_trust(self._server.host)
        mail_smtp.deliver(
            message,
            self._server,
            self._trust,
            timeout=self._timeout,
            deadline=self._deadline,
        )

    def close(self) -> None:
        """Nothing is held between two mails."""


class PrintingSender:
    """Writes each mail, readable, to `stream`: by default to what sys.stdout is at that time.

    Refuses the mails that `SmtpSender` refuses before it asks a server.
    """

    def __init__(self, stream: TextIO | None = None, *, sender: str = "coffer@localhost") -> None:
        self._stream = stream
        self._sender = _sender_address(sender)

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


# --- the server -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, as a URL names it."""

    host: str
    port: int
    tls_from_the_start: bool
    starttls: bool  # required; without it the connection stays plain
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def secure(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.tls_from_the_start or self.starttls


def check_url(url: str) -> None:
    """Raise ValueError, with a sentence that does not quote `url`, unless it names a mail server.

    smtp://user:password@host:587 takes STARTTLS, and without it nothing is sent; on loopback it
    is not used unless the URL ends with ?starttls=always. ?starttls=never sends in the clear, and
    takes no password except on loopback. smtps://user:password@host:465 speaks TLS from the start.
    User, password and port may be left out; in the first two, whatever is not a letter or digit is
    percent-encoded.
    """
    server_of(url)


def server_of(url: str) -> Server:
    """The server that `url` names. Raises ValueError as `check_url` does."""
    # urlsplit drops line ends and tabs without a word, and its own errors quote the URL.
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(
            "must have no spaces and only ASCII; percent-encode others in user and password, "
            "and write the host as xn--..."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        options = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:
        raise ValueError(
            "is not a URL such as smtp://user:password@host:587; percent-encode whatever is not a "
            "letter or digit in user and password"
        ) from None
    if parts.scheme not in _PORTS or not url.lower().startswith(f"{parts.scheme}://"):
        raise ValueError("must begin with smtp:// or smtps://")
    if parts.path not in ("", "/") or parts.fragment or "#" in url:
        raise ValueError(
            "must end after host and port; percent-encode '/', '?' and '#' in user and password"
        )
    if not host or not _is_host(host):
        raise ValueError("must name a host, such as smtp://smtp.example.com:587")
    if port == 0:
        raise ValueError("the port must be from 1 to 65535")
    user, password = _credentials(parts.username, parts.password)
    starttls = _starttls(options, parts.scheme, host)
    if user is not None and parts.scheme == "smtp" and not starttls and not is_loopback(host):
        raise ValueError("starttls=never would send the password in the clear; leave one of them")
    return Server(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls_from_the_start=parts.scheme == "smtps",
        starttls=starttls,
        user=user,
        password=password,
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, and no network lies between."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(_HOST.fullmatch(host)) and len(host) <= MAX_DOMAIN
    return True


def _credentials(user: str | None, password: str | None) -> tuple[str | None, str | None]:
    if not user and not password:
        return None, None
    if not user or not password:
        raise ValueError("must have both a user and a password, or neither")
    found = []
    for given in (user, password):
        plain = _decoded(given)
        # A NUL parts the user from the password when they are sent; none of the others is typed.
        if plain is None or _UNFIT.search(plain):
            raise ValueError("percent-encode '%' as %25 in user and password, and others as UTF-8")
        found.append(plain)
    return found[0], found[1]


def _decoded(given: str) -> str | None:
    if re.search("%(?![0-9A-Fa-f]{2})", given):
        return None
    try:
        return unquote(given, errors="strict")
    except UnicodeDecodeError:
        return None


def _starttls(options: list[tuple[str, str]], scheme: str, host: str) -> bool:
    if scheme == "smtps":
        if options:
            raise ValueError("smtps:// takes no options; it is TLS from the start")
        return False
    if not options:
        return not is_loopback(host)
    if options not in ([("starttls", "always")], [("starttls", "never")]):
        raise ValueError("takes one option only: ?starttls=always or ?starttls=never")
    return options[0][1] == "always"


# --- the message ----------------------------------------------------------------------------


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message as it goes out, from `sender`. Raises MailError, permanent, for a mail that
    cannot be one."""
    from email.message import EmailMessage

    to = address_of(mail.to)
    if to is None:
        # Not quoted: the address may be anything, and the error is kept.
        raise MailError("The recipient is not an address that mail can go to.", permanent=True)
    if _UNFIT.search(mail.subject):
        raise MailError("The subject is not a single line of text.", permanent=True)
    if not _ID.fullmatch(mail.id):
        raise MailError("The mail has no id that a Message-ID can be made of.", permanent=True)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = mail.subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    # Keeps out-of-office replies away.
    message["Auto-Submitted"] = "auto-generated"
    # Always in the same encoding, which keeps long lines and spaces at their ends, and in which
    # whoever looks at a mail on its way can still read it.
    text = _UNFIT_IN_TEXT.sub("\ufffd", mail.text.replace("\r\n", "\n"))
    message.set_content(text, cte="quoted-printable")
    return message


def _sender_address(sender: str) -> str:
    address = address_of(sender)
    if address is None:
        raise ValueError("the sender must be an address, such as coffer@example.com")
    return address
