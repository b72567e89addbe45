"""Fill embeddings: queue all texts when another model is named in the settings.

Fires every minute, and does nothing unless the model has changed or not all texts are queued yet.
It goes through the texts in the order of their ids, some at a time, and goes on where it stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from sql import queries
from workers.embed_texts import Outside, open_clients
from workers.engine.job import Again
from workers.engine.kind import Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from workers.engine.job import Job

log = structlog.get_logger("workers")

BATCH: Final = 1_000
# Beyond so many that wait, no more are queued.
MOST_WAITING: Final = 5_000
# Seconds after a new model is current until texts are queued: transactions that did not see it yet,
# and so did not queue what they added, have ended.
_SETTLED: Final = 15.0
_PAUSE: Final = 5.0


def work(job: Job, clients: Outside) -> str | None:  # noqa: ARG001
    """The name of the model, if there is a provider."""
    return clients.provider.model if clients.provider is not None else None


def save(conn: Connection, job: Job, model: str | None) -> bool | Again:
    """Queue the next texts; Again while there are more."""
    if not queries.embeddings.has_vectors(conn):
        return True
    current = queries.embeddings.current(conn)
    if (current["name"] if current else None) != model:
        queries.embeddings.choose(conn, name=model)
        log.info("embedding_model_chosen", work=job, model=model)
        return Again(_SETTLED) if model else True
    if current is None or current["is_filled"]:
        return True
    if queries.embeddings.waiting(conn, limit=MOST_WAITING) >= MOST_WAITING:
        return Again(_PAUSE)
    looked_at = queries.embeddings.queue_next(conn, limit=BATCH)["things"]
    log.info("texts_queued", work=job, rows=looked_at)
    return Again() if looked_at >= BATCH else True


fill_embeddings = Kind(name="fill_embeddings", open_clients=open_clients, work=work, save=save)

command = command_for([fill_embeddings], __doc__)

if __name__ == "__main__":
    command()
