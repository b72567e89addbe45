"""Purge documents: remove what was discarded more than TRASH_KEPT_DAYS ago, for good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:
    if settings.trash_kept_days == 0:
        return 0
    kept = timedelta(days=settings.trash_kept_days)
    purged: int = queries.documents.purge_old(conn, kept=kept, limit=BATCH)
    return purged


purge_documents = maintenance("purge_documents", remove)

command = command_for([purge_documents], __doc__)

if __name__ == "__main__":
    command()
