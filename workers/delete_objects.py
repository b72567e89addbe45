"""Delete objects: remove from the store files that no document uses any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.storage.choice import store_from
from workers.engine.kind import Batch, Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store
    from webapp.settings import Settings
    from workers.engine.job import Job


@dataclass(frozen=True, slots=True)
class Storage(Clients):
    """The store of objects."""

    store: Store


def open_clients(settings: Settings) -> Storage:
    return Storage(store_from(settings.storage_url))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, str]:
    doomed = queries.objects.load_doomed(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each["key"] for each in doomed}


def delete(keys: list[str], clients: Storage) -> list[Any]:
    """The work itself. A doomed key is never used again, so a worker that lost its lease does no
    harm. Raises StorageError."""
    clients.store.delete(keys)
    return [None] * len(keys)


def save(conn: Connection, job: Job, _: None) -> bool:
    queries.objects.remove(conn, id=job.subject_id)
    return True


delete_objects = Kind(
    name="delete_objects",
    open_clients=open_clients,
    load=load,
    work=delete,
    save=save,
    batch=Batch(rows=200, seconds=0.5),
    # Long enough for a store that is unavailable for hours.
    delays=(0, 30, 300, 3600, 21_600),
)

command = command_for([delete_objects], __doc__)

if __name__ == "__main__":
    command()
