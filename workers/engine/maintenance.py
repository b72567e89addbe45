"""Maintenance: recurring work that removes rows, a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from workers.engine.job import Again
from workers.engine.kind import Clients, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Job

log = structlog.get_logger("workers")

# Rows removed in one transaction: few enough to take well under a second.
BATCH: Final = 10_000


class _WithSettings(Clients):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


def maintenance(name: str, remove: Callable[[Connection, Settings], int]) -> Kind:
    """A kind that removes rows: `remove` deletes up to BATCH and returns how many. If it was a full
    batch, it is queued again, so that other work gets its turn in between."""

    def save(conn: Connection, job: Job, settings: Settings) -> bool | Again:
        removed = remove(conn, settings)
        log.info("removed", work=job, rows=removed)
        return Again() if removed >= BATCH else True

    return Kind(
        name=name,
        open_clients=_WithSettings,
        work=lambda _, clients: clients.settings,
        save=save,
    )
