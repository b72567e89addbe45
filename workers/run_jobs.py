"""Run jobs: extract tables and fields from documents, by their configurations.

A document that nothing can be extracted from makes its job `failed`, with a code that says why.
That is a result, not a failure of the worker, so it leaves no dead letter.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.storage.choice import store_from
from webapp.clients.storage.contract import NoObject
from webapp.filing.outputs import Outputs, outputs_of, save_outputs
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.readers import Readers, check_readers
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The store, and the restricted children that extract."""

    store: Store
    readers: Readers

    def close(self) -> None:
        self.readers.close()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing can be extracted, as a code and in words."""

    code: str
    said: str


def open_clients(settings: Settings) -> Outside:
    return Outside(store_from(settings.storage_url), Readers())


def start(conn: Connection, job: Job) -> bool:
    return bool(queries.jobs.start(conn, id=job.subject_id))


def put_back(conn: Connection, job: Job) -> None:
    queries.jobs.put_back(conn, id=job.subject_id)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    found = queries.jobs.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in found}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    return bool(queries.jobs.count_running(conn, ids=[job.subject_id for job in jobs]))


def run(given: Row, clients: Outside) -> Outputs | Refused:
    """The work itself. Raises StorageError, and DocumentError if another attempt may help."""
    began = time.monotonic()
    progress.report(0, None, doing="reading the file")
    if given["document_status"] == "discarded":
        return Refused("discarded", "The document is in the trash.")
    if given["key"] is None:
        return Refused("lost", "There is no file.")
    try:
        with clients.store.open(given["key"]) as file:
            found = clients.readers.extract(
                file.fileno(),
                body=given["body"],
                name=given["name"],
                on_page=lambda done, total: progress.report(done, total, doing="reading pages"),
            )
    except NoObject as error:
        return Refused("lost", str(error))
    except DocumentError as error:
        if not error.permanent:
            raise
        return Refused(error.code, str(error))
    return outputs_of(found, round((time.monotonic() - began) * 1000))


def save(conn: Connection, job: Job, found: Outputs | Refused) -> bool:
    whose = queries.jobs.lock_running(conn, id=job.subject_id)
    if whose is None:
        return False
    if isinstance(found, Refused):
        queries.jobs.fail(conn, id=job.subject_id, error=found.said, error_code=found.code)
        return True
    save_outputs(conn, job.subject_id, whose, found)
    queries.events.record(
        conn,
        workspace_id=whose["workspace_id"],
        entity="job",
        entity_id=job.subject_id,
        event="job.outputs.persisted",
        payload=Jsonb({name: found.metrics[name] for name in ("tables", "rows")}),
    )
    queries.jobs.succeed(
        conn,
        id=job.subject_id,
        fields=Jsonb(found.fields),
        left_out=Jsonb(found.left_out),
        metrics=Jsonb(found.metrics),
    )
    return True


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.jobs.fail(conn, id=job.subject_id, error=error, error_code="unavailable")


def revive(conn: Connection, job_id: UUID) -> bool:
    return bool(queries.jobs.retry(conn, id=job_id))


run_jobs = Kind(
    name="run_jobs",
    check=check_readers,
    entity="job",
    open_clients=open_clients,
    start=start,
    load=load,
    still_wanted=still_wanted,
    work=run,
    save=save,
    put_back=put_back,
    give_up=give_up,
    delays=(0, 30, 300),
    # Seconds for one page; scanned pages take longest.
    lease=180,
    revive=revive,
)

command = command_for([run_jobs], __doc__)

if __name__ == "__main__":
    command()
