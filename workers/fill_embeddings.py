"""Fill embeddings: queue all texts when another model is named in the settings.

Fires every minute, and does nothing unless the model has changed or not all texts are queued yet.
A new model is measured first: how alike texts are that have nothing to do with each other.
It goes through the texts in the order of their ids, some at a time, and goes on where it stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from sql import queries
from webapp.clients.ai.contract import AIError
from webapp.clients.embeddings.likeness import least_alike
from workers.embed_texts import Outside, open_clients
from workers.engine.job import Again
from workers.engine.kind import Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from workers.engine.job import Job

    Row = dict[str, Any]

log = structlog.get_logger("workers")

BATCH: Final = 1_000
# Beyond so many that wait, no more are queued.
MOST_WAITING: Final = 5_000
# Seconds after a new model is current until texts are queued: transactions that did not see it yet,
# and so did not queue what they added, have ended.
_SETTLED: Final = 15.0
_PAUSE: Final = 5.0


class Named(NamedTuple):
    """The model that is named, and how alike texts must be for it, if that had to be measured."""

    model: str | None
    least_alike: float | None = None


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    """The current model; nothing where the server has no vectors."""
    if not queries.embeddings.has_vectors(conn):
        return {}
    current = queries.embeddings.current(conn) or {"name": None}
    return {job.subject_id: current for job in jobs}


def work(current: Row, clients: Outside) -> Named:
    """Measure the model, if it is a new one. If it fails, it is measured the next time."""
    provider = clients.provider
    if provider is None:
        return Named(None)
    if current["name"] == provider.model and current["least_alike"] is not None:
        return Named(provider.model)
    try:
        return Named(provider.model, least_alike(provider))
    except AIError as error:
        log.warning("embedding_model_not_measured", model=provider.model, error=str(error))
        return Named(provider.model)


def save(conn: Connection, job: Job, found: Named) -> bool | Again:
    """Queue the next texts; Again while there are more."""
    current = queries.embeddings.current(conn)
    is_new = (current["name"] if current else None) != found.model
    if is_new:
        queries.embeddings.choose(conn, name=found.model)
        log.info("embedding_model_chosen", work=job, model=found.model)
    if found.least_alike is not None:
        queries.embeddings.measure(conn, least_alike=found.least_alike)
    if is_new:
        return Again(_SETTLED) if found.model else True
    if current is None or current["is_filled"]:
        return True
    if queries.embeddings.waiting(conn, limit=MOST_WAITING) >= MOST_WAITING:
        return Again(_PAUSE)
    looked_at = queries.embeddings.queue_next(conn, limit=BATCH)["things"]
    log.info("texts_queued", work=job, rows=looked_at)
    return Again() if looked_at >= BATCH else True


fill_embeddings = Kind(
    name="fill_embeddings", open_clients=open_clients, load=load, work=work, save=save
)

command = command_for([fill_embeddings], __doc__)

if __name__ == "__main__":
    command()
