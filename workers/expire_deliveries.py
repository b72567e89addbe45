"""Expire deliveries: forget what was sent to webhooks, thirty days after it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    removed: int = queries.webhook_deliveries.expire(conn, limit=BATCH)
    return removed


expire_deliveries = maintenance("expire_deliveries", remove)

command = command_for([expire_deliveries], __doc__)

if __name__ == "__main__":
    command()
