"""Receive mail for users' inboxes by SMTP, until SIGTERM.

A message is stored, and its row written, before it is accepted: after "250 OK" nothing is lost. The
worker `file_mails` makes documents of it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import time
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg
import structlog

from sql import queries
from sql.connection import connect_at_start
from webapp import settings
from webapp.clients.storage.contract import StorageError
from webapp.clients.storage.prepared import PreparedStore
from webapp.filing.intake import Intake, NotAccepted, Owner
from webapp.filing.reception import receive
from webapp.telemetry import logs
from workers.engine.transactions import transactions_of
from workers.terminal.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from aiosmtpd.smtp import SMTP, Envelope, Session

    from sql.connection import Connection
    from webapp.settings import Settings

    Row = dict[str, Any]

_PREFIX: Final = "inbox+"
_TOKEN: Final = re.compile(r"[a-z2-7]{26}")
_SECONDS: Final = 60  # without a command, or a line of a message
# Each may have a whole message in memory.
_MOST_CONNECTIONS: Final = 20
_CHUNK: Final = 256 * 1024

log = structlog.get_logger("workers.mail_in")


class Reception:
    """Takes messages for inboxes. Every method that asks the database is called in a thread."""

    def __init__(self, loaded: Settings) -> None:
        self._domain = (loaded.mail_in_domain or "").lower()
        self._transaction: Callable[[], AbstractContextManager[Connection]] = transactions_of(
            "mail_in", loaded
        )
        self._intake = Intake(
            PreparedStore(loaded.storage_url).ready,
            self._transaction,
            most_bytes=loaded.mail_in_max_bytes,
            quota_bytes=loaded.quota_bytes,
        )

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's names
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],  # noqa: ARG002
    ) -> str:
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        token = self._token(address)
        if token is None:
            return "550 5.1.1 There is no such inbox"
        try:
            inbox = await asyncio.to_thread(self._find, token)
        except psycopg.Error as error:
            log.warning("mail_not_received", error=str(error).strip())
            return "451 4.3.0 Try again later"
        if inbox is None:
            return "550 5.1.1 There is no such inbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content
        assert isinstance(content, bytes)
        token = self._token(envelope.rcpt_tos[0]) or ""
        began = time.monotonic()
        try:
            answer = await asyncio.to_thread(self.receive, token, envelope.mail_from or "", content)
        except (psycopg.Error, StorageError) as error:
            log.warning("mail_not_received", error=str(error).strip())
            return "451 4.3.0 Try again later"
        log.info("mail", answer=answer, bytes=len(content), seconds=time.monotonic() - began)
        return answer

    async def handle_exception(self, error: Exception) -> str:
        """For what nobody expected: the sender keeps the message, and learns nothing of it."""
        log.error("mail_in_failed", **logs.about(error))
        return "451 4.3.0 Try again later"

    def receive(self, token: str, sender: str, content: bytes) -> str:
        """Store a message; what to answer. Raises psycopg.Error and StorageError."""
        inbox = self._find(token)
        if inbox is None:
            return "550 5.1.1 There is no such inbox"
        owner = Owner(inbox["user_id"], inbox["workspace_id"])
        chunks = (content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK))
        try:
            receive(
                self._intake,
                self._transaction,
                owner,
                chunks,
                len(content),
                sender=sender,
                inbox_id=inbox["id"],
            )
        except NotAccepted as error:
            too_large = error.code == "body_too_large"
            return f"{'552 5.3.4' if too_large else '554 5.6.0'} {error}"
        except psycopg.errors.CheckViolation as error:
            if error.diag.constraint_name != "quotas_are_kept":
                raise
            return "452 4.2.2 The inbox is full"
        return "250 2.0.0 OK"

    def _find(self, token: str) -> Row | None:
        from webapp.identity.keyring import digest

        with self._transaction() as conn:
            found: Row | None = queries.inboxes.of_token(conn, token_hash=digest(token))
        return found

    def _token(self, address: str) -> str | None:
        """The secret in an address; None if it is no inbox's."""
        local, _, domain = address.lower().rpartition("@")
        token = local.removeprefix(_PREFIX)
        is_ours = domain == self._domain and local.startswith(_PREFIX)
        return token if is_ours and _TOKEN.fullmatch(token) else None


class Listener:
    """Listens for mail; the context of a running event loop."""

    def __init__(self, loaded: Settings) -> None:
        self._settings = loaded
        self._reception = Reception(loaded)
        self._open = 0
        self.port = 0

    async def serve(self, stopping: asyncio.Event) -> None:
        """Receive mail until `stopping` is set. Raises OSError if the port is not free."""
        server = await asyncio.get_running_loop().create_server(
            self._protocol, self._settings.mail_in_host, self._settings.mail_in_port
        )
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            log.info("mail_in_started", host=self._settings.mail_in_host, port=self.port)
            await stopping.wait()

    def _protocol(self) -> SMTP:
        from aiosmtpd.smtp import SMTP

        listener = self

        # It logs every command, and so the secret addresses.
        logging.getLogger("mail.log").setLevel(logging.ERROR)

        class Connection(SMTP):
            """One client's; too many at once are asked to come back."""

            # Longer than the standard allows: not every program keeps to it.
            line_length_limit = 100_000
            is_counted = False

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                if listener._open >= _MOST_CONNECTIONS:
                    assert isinstance(transport, asyncio.WriteTransport)
                    transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
                    transport.close()
                    return
                listener._open += 1
                self.is_counted = True
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                if self.is_counted:
                    listener._open -= 1
                    super().connection_lost(error)

        return Connection(
            self._reception,
            data_size_limit=self._settings.mail_in_max_bytes,
            hostname=self._settings.mail_in_domain,
            ident="Coffer",
            timeout=_SECONDS,
            enable_SMTPUTF8=True,
        )


@click.command(cls=Command, help=__doc__)
def command() -> None:
    loaded = settings.load()
    logs.configure(loaded)
    pooler = loaded.database_pooler
    connect_at_start(loaded.database_url, "coffer mail-in", pooler=pooler).close()
    if loaded.mail_in_domain is None:
        raise settings.SettingsError(["MAIL_IN_DOMAIN: missing; mail is received for a domain"])
    try:
        asyncio.run(_run(loaded))
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error}") from None


async def _run(loaded: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await Listener(loaded).serve(stopping)


if __name__ == "__main__":
    command()
