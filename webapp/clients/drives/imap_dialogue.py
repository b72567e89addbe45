"""One IMAP connection, bounded in time and size.

Imported when something is called, not at the start: imaplib takes a moment to load.
"""

from __future__ import annotations

import imaplib
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.drives.imap_names import quoted
from webapp.clients.http import connection
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.public.address import is_loopback
from webapp.clients.public.contract import AddressError
from webapp.clients.public.url import check_url

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from _typeshed import ReadableBuffer

    from webapp.clients.public.gate import Gate

    Trust = Callable[[], ssl.SSLContext]

SERVER: Final = "The mail server"
PART: Final = 1024 * 1024  # bytes of a message asked for at once

_COMMAND_SECONDS: Final = 60.0
_STEP: Final = 30.0  # seconds for which a server may be silent
_GOODBYE: Final = 1.0  # seconds
_MOST_LINE: Final = 2 * 1024 * 1024  # the numbers of 100,000 messages are in one line
_MOST_ANSWER: Final = 4 * 1024 * 1024
_MOST_LINES: Final = 20_000  # as many folders are listed
_ADDRESS: Final = re.compile(r"(imaps?)://([^/?#]*?)(?::([0-9]+))?/?", re.IGNORECASE)
# Answers to a log-in that say "not now" rather than "no" (RFC 5530), and what Gmail says.
_NOT_NOW: Final = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b|too many|temporar|try again",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, as an address names it."""

    host: str
    port: int
    tls_from_the_start: bool


def server_of(address: str) -> Server:
    """The server of `imaps://host`, or `imap://host` for STARTTLS, each with a port if it is not
    the usual one. Raises DriveError `address`."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise DriveError("The address must be like imaps://imap.example.com.", code="address")
    try:
        # Spelled like a web address, so it is checked as one.
        url = check_url(f"https://{found[2]}{f':{found[3]}' if found[3] else ''}/")
    except AddressError as error:
        raise DriveError(str(error), code="address") from None
    with_tls = found[1].lower() == "imaps"
    port = int(found[3]) if found[3] else 993 if with_tls else 143
    return Server(url.host, port, with_tls)


class Dialogue(imaplib.IMAP4):
    """imaplib's commands, over a connection through the gate, within `seconds` in all. Making it
    connects, and encrypts: only loopback, where tests and development may call, does without.

    Raises what is raised by `connection`, by the gate and by imaplib, and DriveError.
    """

    def __init__(self, server: Server, gate: Gate, trust: Trust, *, seconds: float) -> None:
        self._server = server
        self._gate = gate
        self._trust = trust
        self._end = time.monotonic() + seconds
        self._received = bytearray()
        self.begin()
        super().__init__()
        try:
            self._encrypt()
        except BaseException:
            self.shutdown()
            raise

    def begin(self) -> None:
        """To be called before a command: gives it its time and bytes. Raises CallError."""
        left = self._end - time.monotonic()
        self._allowance = Allowance(
            min(left, _COMMAND_SECONDS), step=_STEP, wire_bytes=_MOST_ANSWER
        )
        self._allowance.left()
        self._lines = 0

    def log_in(self, user: str, password: str) -> None:
        """One try, since many servers lock an account. Raises AccessLost, and DriveError
        `unavailable` if the server says that it is not for good."""
        if not f"{user}{password}".isprintable():
            raise AccessLost(f"{SERVER} takes no control characters in user and password.")
        self.begin()
        try:
            if "AUTH=PLAIN" in self.capabilities:
                self.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
                return
            if "LOGINDISABLED" in self.capabilities:
                raise DriveError(f"{SERVER} offers no log-in by password.", code="refused")
            if not f"{user}{password}".isascii():
                raise DriveError(f"{SERVER} only takes ASCII in passwords.", code="refused")
            self.login(quoted(user), password)
        except self.abort:
            raise
        except self.error as error:
            if _NOT_NOW.search(str(error)):
                raise DriveError(
                    f"{SERVER} accepts no log-in at the moment.", code="unavailable"
                ) from None
            raise AccessLost(f"{SERVER} does not accept the user name or password.") from None

    def say_goodbye(self) -> None:
        """Log out, if that is quick, and close the connection."""
        self._allowance = Allowance(_GOODBYE)
        with suppress(CallError, OSError, ValueError, self.error, DriveError):
            self.logout()
        with suppress(OSError):
            self.shutdown()

    def secure(self) -> socket.socket:
        """The connection, encrypted from now on."""
        # What was received before is not authenticated by the certificate.
        self._received.clear()
        self.untagged_responses.clear()
        return connection.secure(self.sock, self._trust(), self._server.host, self._allowance)

    def _encrypt(self) -> None:
        if self.state != "NONAUTH":
            # Somebody on the way could say so, to be told the rest in the clear.
            raise DriveError(f"{SERVER} wants no log-in.", code="invalid_answer")
        if self._server.tls_from_the_start or self._is_here():
            return
        if "STARTTLS" not in self.capabilities:
            # Somebody on the way may also have removed it from the answer.
            raise DriveError(
                f"{SERVER} offers no encryption at this port. Try imaps://.", code="invalid_answer"
            )
        self.starttls(_Encryption(self))

    def _is_here(self) -> bool:
        host = self._server.host
        return self._gate.allow_loopback and (host == "localhost" or is_loopback(host))

    # imaplib's own operations on the connection, as it wants them to be replaced.

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002
        """Connect."""
        self.host, self.port = self._server.host, self._server.port
        self.sock = self._gate.connect(self.host, self.port, self._allowance)
        if self._server.tls_from_the_start:
            self.sock = self.secure()

    def read(self, size: int) -> bytes:
        """A literal, which is never longer than was asked for."""
        if size > PART:
            raise CallError("sent more than Coffer accepts", rule="too_large")
        self._receive(lambda: len(self._received) >= size)
        return self._cut(size)

    def readline(self) -> bytes:
        """The next line, with its end."""
        start = 0

        def is_whole() -> bool:
            nonlocal start
            found = self._received.find(b"\n", start)
            start = len(self._received)
            if found < 0 and start > _MOST_LINE:
                raise CallError("sent more than Coffer accepts", rule="too_large")
            return found >= 0

        self._lines += 1
        if self._lines > _MOST_LINES:
            raise CallError("sent more than Coffer accepts", rule="too_large")
        self._receive(is_whole)
        return self._cut(self._received.find(b"\n") + 1)

    def send(self, data: ReadableBuffer) -> None:
        """Write all of it."""
        connection.send(self.sock, bytes(data), self._allowance)

    def shutdown(self) -> None:
        """Close the connection."""
        self.sock.close()

    def _receive(self, is_enough: Callable[[], bool]) -> None:
        while not is_enough():
            data = connection.receive(self.sock, 64 * 1024, self._allowance)
            if not data:
                raise self.abort("the connection was closed")
            self._received += data

    def _cut(self, size: int) -> bytes:
        data = bytes(self._received[:size])
        del self._received[:size]
        return data


class _Encryption:
    """What imaplib takes for a context of TLS."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> socket.socket:  # noqa: ARG002
        return self._dialogue.secure()
