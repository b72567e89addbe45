"""Queue feeds: put the feeds that are due in the queue of those to check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sql import queries
from workers.engine.job import Again
from workers.engine.kind import Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from workers.engine.job import Job

# Feeds in one transaction.
BATCH: Final = 1_000


def save(conn: Connection, job: Job, _: object) -> bool | Again:  # noqa: ARG001
    return Again() if queries.feeds.queue_due(conn, limit=BATCH) == BATCH else True


queue_feeds = Kind(name="queue_feeds", save=save)

command = command_for([queue_feeds], __doc__)

if __name__ == "__main__":
    command()
