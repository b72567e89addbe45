"""Expire shares: remove shares and public links that have expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    """The larger number of the two; while it is a whole batch, there is more to do."""
    removed: int = max(
        queries.shares.expire(conn, limit=BATCH), queries.links.expire(conn, limit=BATCH)
    )
    return removed


expire_shares = maintenance("expire_shares", remove)

command = command_for([expire_shares], __doc__)

if __name__ == "__main__":
    command()
