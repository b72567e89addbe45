"""Expire documents: move those past their expiry to the trash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    discarded: int = queries.documents.discard_expired(conn, limit=BATCH)
    return discarded


expire_documents = maintenance("expire_documents", remove)

command = command_for([expire_documents], __doc__)

if __name__ == "__main__":
    command()
