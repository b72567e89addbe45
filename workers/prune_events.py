"""Prune events: remove history that is older than EVENTS_KEPT_DAYS; by default none."""

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
    if settings.events_kept_days == 0:
        return 0
    kept = timedelta(days=settings.events_kept_days)
    pruned: int = queries.events.prune(conn, kept=kept, limit=BATCH)
    return pruned


prune_events = maintenance("prune_events", remove)

command = command_for([prune_events], __doc__)

if __name__ == "__main__":
    command()
