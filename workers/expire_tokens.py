"""Expire tokens: remove old registrations, resets, new addresses, invitations, sessions, mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    """The largest number that one query removed; while it is a whole batch, there is more to do."""
    removed: int = max(
        queries.registrations.expire(conn, limit=BATCH),
        queries.password_resets.expire(conn, limit=BATCH),
        queries.email_changes.expire(conn, limit=BATCH),
        queries.invitations.expire(conn, limit=BATCH),
        queries.sessions.expire(conn, limit=BATCH),
        queries.sessions.forget_addresses(conn, limit=BATCH),
        queries.sso_callbacks.expire(conn, limit=BATCH),
        queries.mails.expire(conn, limit=BATCH),
        queries.rate_limits.expire(conn, limit=BATCH),
    )
    return removed


expire_tokens = maintenance("expire_tokens", remove)

command = command_for([expire_tokens], __doc__)

if __name__ == "__main__":
    command()
