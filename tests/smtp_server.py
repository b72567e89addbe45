"""A mail server on loopback (aiosmtpd) that takes mail, or refuses, hangs or drips as asked.

with smtp_server() as server:
    sender = SmtpSender(server.url, "coffer@example.com")
    ...
    [mail] = server.wait_for(1)
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
# Where it can refuse, hang or drip: the greeting, a command, or MESSAGE (after the final dot).
COMMANDS = ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "QUIT")
STEPS = ("CONNECT", *COMMANDS, "MESSAGE")
HANG = "hang"  # as an answer: there is none
DRIP = "drip"  # as an answer: one that does not end, a line every 20 ms
CLOSE = "close"  # as an answer: the connection is closed
Tls = Literal["none", "starttls", "from the start"]


@dataclass(frozen=True)
class Envelope:
    """What the client said about a message, and how."""

    sender: str
    recipients: list[str]
    user: str | None  # who logged in
    secure: bool
    raw: bytes


class SmtpServer:
    """A mail server. `messages` has the mails that arrived, parsed; `envelopes` the same, unparsed.

    `answers` may be changed while it runs: from a step (`STEPS`) to the answer it gets, such as
    "550 5.1.1 Unknown", or HANG, DRIP or CLOSE. Without an answer, the step succeeds.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] | None,
        tls: Tls,
        context: ssl.SSLContext | None,
        certificate: Path | None,
        answers: Mapping[str, str],
        mechanisms: tuple[str, ...],
    ) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answers = dict(answers)
        self.commands: list[str] = []  # as they arrived, with their arguments
        self.certificate = certificate  # PEM: for SSL_CERT_FILE
        self.login = login
        self.mechanisms = mechanisms
        self.tls = tls
        self.context = context
        self.port = 0
        self._arrived = threading.Condition()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._connections: list[_Connection] = []
        self._thread = threading.Thread(target=self._run, name="smtp-server")
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def url(self) -> str:
        """The URL of the server, with the credentials that it asks for."""
        user = "".join(f"{quote(each, safe='')}:" for each in self.login or ())[:-1]
        scheme = "smtps" if self.tls == "from the start" else "smtp"
        option = "?starttls=always" if self.tls == "starttls" else ""
        return f"{scheme}://{user}{'@' if user else ''}{HOST}:{self.port}{option}"

    def wait_for(self, count: int, timeout: float = 10.0) -> list[EmailMessage]:
        """The first `count` messages. Fails if they are not there after `timeout` seconds."""
        with self._arrived:
            there = self._arrived.wait_for(lambda: len(self.messages) >= count, timeout)
            assert there, f"{len(self.messages)} of {count} mails came within {timeout} s"
            return self.messages[:count]

    def received(self, envelope: Envelope) -> None:
        """Keep a message; called by a connection."""
        with self._arrived:
            self.envelopes.append(envelope)
            # With LF, so that `get_content` returns the text as it was written.
            lines = envelope.raw.replace(b"\r\n", b"\n")
            parsed = message_from_bytes(lines, policy=policy.default)
            self.messages.append(cast(EmailMessage, parsed))
            self._arrived.notify_all()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  reported by whoever started the thread
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        listening = await self._loop.create_server(
            self._connection,
            HOST,
            0,
            ssl=self.context if self.tls == "from the start" else None,
        )
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        listening.close()
        for connection in self._connections:
            connection.abort()
        # They have to be cancelled: some hang on purpose.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close one round later

    def _connection(self) -> _Connection:
        connection = _Connection(self, self._loop)
        self._connections.append(connection)
        return connection


class _Handler:
    """aiosmtpd's hook for a message; the rest is in `_Connection`."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def handle_DATA(  # noqa: N802  the name is aiosmtpd's
        self, connection: _Connection, session: Any, envelope: Any
    ) -> str:
        instead = await connection.instead("MESSAGE")
        if instead is None:
            login = session.auth_data
            self._server.received(
                Envelope(
                    envelope.mail_from,
                    list(envelope.rcpt_tos),
                    login.login.decode() if login is not None else None,
                    connection.transport.get_extra_info("ssl_object") is not None,
                    envelope.original_content,
                )
            )
        return instead or "250 2.0.0 Taken"


class _Connection(SMTP):
    def __init__(self, server: SmtpServer, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Handler(server),
            hostname="mail.test",
            ident="test",
            loop=loop,
            tls_context=server.context if server.tls == "starttls" else None,
            require_starttls=server.tls == "starttls",
            # Not `auth_required`: without TLS it warns, and a warning is an error here.
            auth_require_tls=server.tls == "starttls",
            auth_exclude_mechanism={"PLAIN", "LOGIN"} - set(server.mechanisms),
            authenticator=self._authenticated,
        )
        self._server = server
        self._first: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._first = self._first or transport
        super().connection_made(transport)

    def abort(self) -> None:
        """Drop the connection, whatever it is doing."""
        if isinstance(self._first, asyncio.WriteTransport):
            self._first.abort()

    async def instead(self, step: str) -> str | None:
        """The answer that a test wants at `step`, None for the usual one."""
        answer = self._server.answers.get(step)
        if answer == HANG:
            await asyncio.Event().wait()
        if answer == DRIP:
            while True:
                await self.push("250-and more")
                await asyncio.sleep(0.02)
        if answer == CLOSE:
            assert self._first is not None
            self._first.close()
            await asyncio.Event().wait()  # until losing the connection cancels this
        return answer

    async def _handle_client(self) -> None:
        instead = await self.instead("CONNECT")
        if instead is None:
            await super()._handle_client()
        else:
            await self.push(instead)
            self._writer.close()

    def _authenticated(self, _: Any, __: Any, ___: Any, ____: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        good = self._server.login == (given.login.decode(), given.password.decode())
        return AuthResult(success=good, handled=False, auth_data=given)


Command = Callable[[_Connection, str], Awaitable[None]]


def _scripted(name: str) -> Command:
    """The command as aiosmtpd has it, unless a test wants another answer."""
    usual: Command = getattr(SMTP, f"smtp_{name}")

    async def command(self: _Connection, argument: str) -> None:
        server = self._server
        server.commands.append(f"{name} {argument or ''}".rstrip())
        instead = await self.instead(name)
        assert self.session is not None
        if instead is None and name == "MAIL" and server.login and not self.session.authenticated:
            instead = "530 5.7.0 Authentication required"
        if instead is None:
            await usual(self, argument)
        else:
            await self.push(instead)

    return command


for _name in COMMANDS:
    setattr(_Connection, f"smtp_{_name}", _scripted(_name))


@contextmanager
def smtp_server(
    *,
    login: tuple[str, str] | None = None,
    tls: Tls = "none",
    answers: Mapping[str, str] | None = None,
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN"),
    certificate_names: tuple[str, ...] = (HOST, "localhost"),
) -> Iterator[SmtpServer]:
    """A server while the block runs.

    `login`: the user and password it asks for. `tls`: whether it offers STARTTLS, and takes nothing
    without it, or speaks TLS from the start, with a throw-away certificate for `certificate_names`
    that nobody trusts (`server.certificate` is its file). `answers`: see `SmtpServer`.
    """
    with ExitStack() as stack:
        context = certificate = None
        if tls != "none":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            certificate, key = folder / "certificate.pem", folder / "key.pem"
            _write_certificate(certificate, key, certificate_names)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
        server = SmtpServer(
            login=login,
            tls=tls,
            context=context,
            certificate=certificate,
            answers=answers or {},
            mechanisms=mechanisms,
        )
        stack.callback(server.stop)
        yield server


def _write_certificate(certificate: Path, key: Path, names: tuple[str, ...]) -> None:
    """A self-signed certificate that satisfies strict clients, valid for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away mail server")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        "content_commitment key_encipherment data_encipherment key_agreement crl_sign "
        "encipher_only decipher_only".split(),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
