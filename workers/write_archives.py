"""Write archives: pack everything that a member has in a workspace into one file in the store.

The file is written as a stream, so the memory does not grow with it. A worker that is killed leaves
nothing behind: the next one begins again, and what was begun is deleted.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from psycopg.types.json import Jsonb

from sql import queries
from webapp.archives.writing import Whose, Writing
from webapp.clients.storage.prepared import PreparedStore
from webapp.filing.intake import Intake, Owner
from webapp.parsing.documents.media import BY_TYPE
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import connection_of, transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Received
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

log = structlog.get_logger("workers")

NAME: Final = "write_archives"
_ZIP: Final = BY_TYPE["application/zip"]
# Archives of a user in a workspace that keep their file.
_KEPT: Final = 3
# A file in a bucket may have 5 TB.
_MOST_BYTES: Final = 5 << 40


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The store, and what connects to the database."""

    store: PreparedStore
    settings: Settings


def open_clients(settings: Settings) -> Outside:
    return Outside(PreparedStore(settings.storage_url), settings)


def start(conn: Connection, job: Job) -> bool:
    return bool(queries.archives.start(conn, id=job.subject_id))


def put_back(conn: Connection, job: Job) -> None:
    queries.archives.put_back(conn, id=job.subject_id)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    found = queries.archives.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in found}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    return bool(queries.archives.count_writing(conn, ids=[job.subject_id for job in jobs]))


def write(given: Row, clients: Outside) -> None:
    """The work itself. Raises StorageError."""
    settings = clients.settings
    whose = Whose(given["workspace_id"], given["user_id"], frozenset(given["permissions"]))
    intake = Intake(
        clients.store.ready,
        transactions_of(NAME, settings),
        most_bytes=_MOST_BYTES,
        quota_bytes=settings.quota_bytes,
        is_charged=False,
    )
    owner = Owner(whose.user_id, whose.workspace_id)
    with connection_of(settings) as conn:
        writing = Writing(conn, clients.store.ready(), whose, _report)
        with (
            closing(writing.pieces()) as pieces,
            intake.take(given["id"], owner, "coffer.zip", pieces, None, media=_ZIP) as received,
        ):
            received.is_used = _keep(given, writing, received, settings)


def _report(doing: str) -> None:
    progress.report(0, doing=f"writing {doing}")


def _keep(given: Row, writing: Writing, received: Received, settings: Settings) -> bool:
    """Save that the archive is ready; whether it was still to be written."""
    with transactions_of(NAME, settings)() as conn:
        kept = queries.archives.complete(
            conn,
            id=given["id"],
            object_id=received.object_id,
            bytes=received.length,
            sha256=received.sha256,
            counts=Jsonb(writing.counts()),
            missing=Jsonb(writing.missing[:1000]),
            kept=timedelta(days=settings.archive_kept_days),
        )
        if kept is None:
            return False
        queries.objects.store(
            conn, id=received.object_id, bytes=received.length, sha256=received.sha256
        )
        queries.archives.expire_older(conn, **kept, kept=_KEPT)
    return True


def save(conn: Connection, job: Job, result: None) -> bool:  # noqa: ARG001
    """It is saved already, together with the file."""
    return True


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.archives.fail(conn, id=job.subject_id, error=error)


def revive(conn: Connection, archive_id: UUID) -> bool:
    return bool(queries.archives.revive(conn, id=archive_id))


write_archives = Kind(
    name=NAME,
    entity="archive",
    open_clients=open_clients,
    start=start,
    load=load,
    still_wanted=still_wanted,
    work=write,
    save=save,
    put_back=put_back,
    give_up=give_up,
    # A store may be away for hours.
    delays=(0, 30, 300, 1800, 7200),
    lease=120,
    revive=revive,
)

command = command_for([write_archives], __doc__)

if __name__ == "__main__":
    command()
