"""Expire idempotency keys: remove the answers kept for more than a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    expired: int = queries.idempotency_keys.expire(conn, limit=BATCH)
    return expired


expire_idempotency_keys = maintenance("expire_idempotency_keys", remove)

command = command_for([expire_idempotency_keys], __doc__)

if __name__ == "__main__":
    command()
