"""Read archives: put back what is in an uploaded archive, a batch at a time.

A batch and its progress are one transaction, so nothing is lost or doubled if a worker is killed:
the next one goes on behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.archives.naming import Target
from webapp.archives.reading import NotAnArchive
from webapp.archives.restoring import Ended, Given, Restoring
from webapp.clients.storage.prepared import PreparedStore
from webapp.filing.intake import Intake
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import connection_of, transactions_of, transactions_on
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

NAME: Final = "read_archives"
# Sentences about what is wrong with an archive, at most.
_SENTENCES: Final = 20


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The store, and what connects to the database."""

    store: PreparedStore
    settings: Settings


@dataclass(frozen=True, slots=True)
class Read:
    """All of an archive was looked at; what is wrong with it, if anything is."""

    wrong: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing of the file can be taken."""

    said: str


def open_clients(settings: Settings) -> Outside:
    return Outside(PreparedStore(settings.storage_url), settings)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    found = queries.archive_imports.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in found}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    ids = [job.subject_id for job in jobs]
    return bool(queries.archive_imports.count_restoring(conn, ids=ids))


def read(given: Row, clients: Outside) -> Read | Refused:
    """The work itself. Raises StorageError."""
    if given["key"] is None:
        return Refused("The file is no longer in the store.")
    settings = clients.settings
    # The files of documents arrive while the rows are read.
    intake = Intake(
        clients.store.ready,
        transactions_of(NAME, settings),
        most_bytes=settings.document_max_bytes,
        quota_bytes=settings.quota_bytes,
    )
    with connection_of(settings) as conn:
        restoring = Restoring(
            Given(
                Target(given["id"], given["workspace_id"], given["user_id"]),
                given["key"],
                given["bytes"],
                given["parts"],
                frozenset(given["permissions"]),
            ),
            clients.store.ready(),
            intake,
            transactions_on(conn, NAME),
            lambda done, total, doing: progress.report(done, total, doing=f"adding {doing}"),
            quota_bytes=settings.quota_bytes,
        )
        try:
            wrong = restoring.run()
        except NotAnArchive as error:
            return Refused(str(error))
        except Ended:
            raise progress.NotWanted from None
    return Read(" ".join(wrong[:_SENTENCES]) or None)


def save(conn: Connection, job: Job, result: Read | Refused) -> bool:
    if isinstance(result, Refused):
        queries.archive_imports.refuse(conn, id=job.subject_id, error=result.said)
    else:
        queries.archive_imports.end(conn, id=job.subject_id, error=result.wrong)
    queries.archived_ids.forget(conn, import_id=job.subject_id)
    return True


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.archive_imports.fail(conn, id=job.subject_id, error=error)


def revive(conn: Connection, import_id: UUID) -> bool:
    return bool(queries.archive_imports.revive(conn, id=import_id))


read_archives = Kind(
    name=NAME,
    entity="import",
    open_clients=open_clients,
    load=load,
    still_wanted=still_wanted,
    work=read,
    save=save,
    give_up=give_up,
    delays=(0, 30, 300, 1800, 7200),
    lease=300,  # with a bucket, the archive is first copied to this machine
    revive=revive,
)

command = command_for([read_archives], __doc__)

if __name__ == "__main__":
    command()
