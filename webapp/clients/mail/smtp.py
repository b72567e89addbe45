"""One mail over one SMTP connection, bounded in time and size.

Imported at the first mail only: smtplib takes a moment to load.
"""

from __future__ import annotations

import base64
import math
import re
import smtplib
import socket
import ssl
from contextlib import closing, suppress
from email import policy
from typing import TYPE_CHECKING, Final

from webapp.clients.http import connection
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.mail.contract import MailError

if TYPE_CHECKING:
    from email.message import EmailMessage

    from _typeshed import ReadableBuffer

    from webapp.clients.mail.server import Server

_GOODBYE: Final = 1.0  # seconds
_ANSWER_LIMIT: Final = 1 << 16  # bytes; the longest answer, to EHLO, takes some hundred
_MESSAGE_POLICY: Final = policy.SMTP  # lines end with CRLF


def system_trust(host: str) -> ssl.SSLContext:
    """The system's certificates, to verify the certificate and the name of `host`.

    Raises MailError if they cannot be read.
    """
    try:
        return ssl.create_default_context()
    except OSError as error:
        raise MailError(
            f"The certificates for verifying the mail server {host} cannot be read "
            f"({type(error).__name__})."
        ) from None


def deliver(
    message: EmailMessage,
    server: Server,
    trust: ssl.SSLContext | None,
    *,
    timeout: float,
    deadline: float,
) -> None:
    """Hand `message` to `server`. Raises MailError.

    `timeout` bounds each answer, `deadline` all of it, both in seconds. `trust` is needed if the
    server is `secure`. If the server confirmed the message too late, it may still have accepted it.
    """
    with closing(_Dialogue(server, Allowance(deadline, step=timeout))) as dialogue:
        try:
            dialogue.open(trust)
            if server.user is not None and server.password is not None:
                dialogue.log_in(server.user, server.password)
            dialogue.hand_over(message)
        except CallError as error:
            raise MailError(f"The mail server {server.host} {error.what}.") from None
        dialogue.say_goodbye()


class _Dialogue(smtplib.SMTP):
    """smtplib's commands, over a connection that keeps to an allowance, and with errors that do not
    quote the server. Each step raises MailError and CallError."""

    def __init__(self, server: Server, allowance: Allowance) -> None:
        # Without a host it does not connect yet; with a name it does not ask the DNS for one.
        super().__init__(local_hostname="localhost")
        self._server = server
        self._allowance = allowance
        self._received = bytearray()

    # --- the steps ---

    def open(self, trust: ssl.SSLContext | None) -> None:
        """Connect, and encrypt if the server's URL asks for it."""
        self.sock = connection.connect(self._server.host, self._server.port, self._allowance)
        self.local_hostname = _own_name(self.sock)
        if self._server.tls_from_the_start:
            self._secure(trust)
        self._expect(220, self.getreply(), "accepts no mail at the moment")
        self._greet()
        if self._server.starttls:
            if not self.has_extn("starttls"):
                # Somebody on the way may also have removed it from the answer.
                raise self._error("does not offer STARTTLS, so nothing was sent to it")
            self._expect(220, self.docmd("STARTTLS"), "accepts no STARTTLS at the moment")
            # What was received before is not authenticated by the certificate (RFC 3207).
            self._received.clear()
            self._secure(trust)
            self._greet()

    def log_in(self, user: str, password: str) -> None:
        """AUTH PLAIN, or LOGIN if that is all there is; one try, since many servers lock an
        account."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            answer = self.docmd("AUTH", "PLAIN " + _base64(f"\0{user}\0{password}"))
        elif "LOGIN" in offered:
            answer = self.docmd("AUTH", "LOGIN " + _base64(user))
            if answer[0] == 334:
                answer = self.docmd(_base64(password))
        else:
            hint = "" if self._server.secure else "; it may with ?starttls=always in the URL"
            raise self._error(f"offers no log-in by password{hint}")
        self._expect(235, answer, "did not accept the user and password of SMTP_URL")

    def hand_over(self, message: EmailMessage) -> None:
        """The envelope and the message."""
        body = message.as_bytes(policy=_MESSAGE_POLICY)
        options = [f"size={len(body)}"] if self.has_extn("size") else []
        # Whether we may send from that address is up to the server and the operator.
        self._expect(
            250, self.mail(message["From"], options), "does not accept mail from MAIL_FROM"
        )
        answer = self.rcpt(message["To"])
        if answer[0] != 251:  # 251 is "not here, but I pass it on"
            self._expect(250, answer, "refused the recipient", about_the_mail=True)
        self._expect(354, self.docmd("DATA"), "refused the mail", about_the_mail=True)
        self.send(_dotted(body))
        # Many servers scan a mail before they confirm it. They have it by now, so giving up early
        # would mean sending it twice.
        self._allowance.step = math.inf
        self._expect(250, self.getreply(), "refused the mail", about_the_mail=True)

    def say_goodbye(self) -> None:
        """The mail is sent, whatever the server answers to this."""
        self._allowance.step = _GOODBYE
        with suppress(CallError, MailError):
            self.docmd("QUIT")

    def _greet(self) -> None:
        answer = self.ehlo()
        if answer[0] in (500, 502, 504):  # it does not know EHLO, so nothing since 1995
            answer = self.helo()
        self._expect(250, answer, "accepts no mail at the moment")

    def _expect(
        self, code: int, answer: tuple[int, bytes], otherwise: str, *, about_the_mail: bool = False
    ) -> None:
        got, text = answer
        if got == code:
            return
        # 530 to 538 require a log-in or encryption: another recipient would not help.
        permanent = about_the_mail and got >= 500 and got not in (530, 534, 535, 538)
        detail = re.match(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)", text)
        said = f"{got} {detail[0].decode()}" if detail else f"{got}"
        raise self._error(f"{otherwise} ({said})", permanent=permanent)

    def _error(self, what: str, *, permanent: bool = False) -> MailError:
        return MailError(f"The mail server {self._server.host} {what}.", permanent=permanent)

    # --- the connection ---

    def _secure(self, trust: ssl.SSLContext | None) -> None:
        assert trust is not None
        assert self.sock is not None
        self.sock = connection.secure(self.sock, trust, self._server.host, self._allowance)

    # smtplib's own two operations on the socket.

    def send(self, s: str | ReadableBuffer) -> None:
        """Write `s`. Raises CallError."""
        assert self.sock is not None
        data = s.encode("ascii") if isinstance(s, str) else bytes(s)
        try:
            connection.send(self.sock, data, self._allowance)
        except OSError as error:
            raise connection.unreachable(error) from None

    def getreply(self) -> tuple[int, bytes]:
        """The answer: its code, 200 to 599, and its text, the lines parted by LF.

        Raises CallError where none came in time, and MailError where it was something else.
        """
        allowance = Allowance(self._allowance.left())  # for all of it, not for each line
        length = 0
        texts = []
        while True:
            line = self._line(allowance)
            length += len(line)
            if length > _ANSWER_LIMIT:
                raise self._error("gave an endless answer")
            texts.append(line[4:].strip())
            if not re.match(rb"[2-5]\d\d(?:[ -]|$)", line):
                raise self._error("does not speak SMTP")
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts)

    def _line(self, allowance: Allowance) -> bytes:
        assert self.sock is not None
        while b"\n" not in self._received:
            if len(self._received) > _ANSWER_LIMIT:
                raise self._error("gave an endless answer")
            try:
                received = connection.receive(self.sock, 4096, allowance)
            except OSError as error:
                raise connection.unreachable(error) from None
            if not received:
                raise self._error("closed the connection")
            self._received += received
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received = bytearray(rest)
        return line.rstrip(b"\r")


def _own_name(sock: socket.socket) -> str:
    """Our own name: the machine's name if it is fully qualified, otherwise its address."""
    name = socket.gethostname()
    if re.fullmatch(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", name):
        return name
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _dotted(body: bytes) -> bytes:
    """`body` as DATA expects it: a leading dot is doubled, and a single dot ends the message."""
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", body) + b".\r\n"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
