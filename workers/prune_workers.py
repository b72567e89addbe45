"""Prune workers: remove those not seen for an hour, and counts of work older than a week."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings

_UNSEEN: Final = timedelta(hours=1)
_KEPT: Final = timedelta(days=7)


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    workers: int = queries.workers.prune(conn, unseen=_UNSEEN, limit=BATCH)
    counts: int = queries.work_counts.prune(conn, kept=_KEPT, limit=BATCH)
    return max(workers, counts)


prune_workers = maintenance("prune_workers", remove)

command = command_for([prune_workers], __doc__)

if __name__ == "__main__":
    command()
