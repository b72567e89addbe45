"""Expire archives: delete the files of old ones, and forget those of more than a month ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    expired: int = queries.archives.expire(conn, limit=BATCH)
    forgotten: int = queries.archives.forget(conn, limit=BATCH)
    return max(expired, forgotten)


expire_archives = maintenance("expire_archives", remove)

command = command_for([expire_archives], __doc__)

if __name__ == "__main__":
    command()
