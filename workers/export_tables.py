"""Export tables: keep the CSV of each table of a job, and the ZIP of all of them, as documents.

Each document is made in a transaction of its own, and only once, so that a worker that is killed
goes on where it was. Files that cannot be kept, because they do not fit the quota, make the export
`failed`, with a code that says why; the job stays succeeded.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.storage.prepared import PreparedStore
from webapp.exporting.tables import Extracted, Overtaken, extracted
from webapp.filing.intake import Intake, NotAccepted, Owner
from webapp.identity.ids import new_id
from webapp.parsing.documents.media import BY_TYPE
from workers.engine import progress
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import connection_of, transactions_on
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Received
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

_CSV: Final = BY_TYPE["text/csv"]
_ZIP: Final = BY_TYPE["application/zip"]


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The store, and what connects to the database, to read rows and for short transactions."""

    store: PreparedStore
    settings: Settings

    def intake(self, transaction: Callable[[], AbstractContextManager[Connection]]) -> Intake:
        """The way into the store."""
        return Intake(
            self.store.ready,
            transaction,
            most_bytes=self.settings.document_max_bytes,
            quota_bytes=self.settings.quota_bytes,
        )


@dataclass(frozen=True, slots=True)
class Made:
    """The files of a revision are kept."""

    revision: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the files are not kept, as a code and in words."""

    code: str
    said: str


@dataclass(frozen=True, slots=True)
class File:
    """A file to be kept: of one table, or of all; `pieces` makes its bytes, the same each time."""

    table_id: UUID | None
    name: str
    pieces: Callable[[], Iterator[bytes]]


def open_clients(settings: Settings) -> Outside:
    return Outside(PreparedStore(settings.storage_url), settings)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    found = queries.table_exports.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in found}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    return bool(queries.table_exports.count_pending(conn, ids=[job.subject_id for job in jobs]))


def export(given: Row, clients: Outside) -> Made | Failed | Again:
    """The work itself. Raises StorageError."""
    try:
        with connection_of(clients.settings) as conn:
            transaction = transactions_on(conn, "export_tables")
            keeping = _Keeping(given, conn, transaction, clients.intake(transaction))
            keeping.keep_all(extracted(conn, given, lambda: nullcontext(conn)))
    except Overtaken:
        return Again()
    except NotAccepted as error:
        return Failed(error.code, str(error))
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != "quotas_are_kept":
            raise
        return Failed(
            "quota_exceeded", "The files do not fit the quota of the user who started the job."
        )
    return Made(given["revision"])


@dataclass(frozen=True, slots=True)
class _Keeping:
    """Keeps the files of an export."""

    given: Row
    conn: Connection
    transaction: Callable[[], AbstractContextManager[Connection]]
    intake: Intake

    def keep_all(self, tables: Extracted) -> None:
        """Keep the file of each table, and that of all. Raises Overtaken."""
        has_changed = False
        for table in tables.tables:
            pieces = partial(tables.comma_separated, table)
            has_changed |= self._keep(File(table.id, f"{table.name}.csv", pieces))
        self._keep(File(None, f"{tables.name}.zip", tables.zipped), is_as_before=not has_changed)

    def _keep(self, file: File, *, is_as_before: bool = False) -> bool:
        """Keep a file, unless an earlier attempt did; whether its bytes are others than in the last
        revision, or may be. The file of all tables `is_as_before` if those of each are."""
        given = self.given
        place = {"export_id": given["id"], "table_id": file.table_id}
        known = queries.table_exports.file(self.conn, **place)
        if known and known["revision"] == given["revision"]:
            return True
        if known and (is_as_before or known["sha256"] == _hash_of(file)):
            with self.transaction() as conn:
                _hold(conn, given)
                queries.table_exports.confirm(conn, **place, revision=given["revision"])
            return False
        with self.intake.take(
            known["document_id"] if known else new_id(),
            Owner(given["charged_to"], given["workspace_id"]),
            file.name,
            _reported(file),
            None,
            media=_ZIP if file.table_id is None else _CSV,
        ) as received:
            with self.transaction() as conn:
                is_first = _save_file(conn, given, file, received)
            received.is_used = is_first
        return True


def _save_file(conn: Connection, given: Row, file: File, received: Received) -> bool:
    """Make a document of a file, or a version of the former one; False if another worker, whose
    lease this one has taken over, did so in the meantime."""
    _hold(conn, given)
    place = {"export_id": given["id"], "table_id": file.table_id}
    known = queries.table_exports.file(conn, **place)
    if known and known["revision"] == given["revision"]:
        return False
    stored = {"bytes": received.length, "sha256": received.sha256}
    queries.objects.store(conn, id=received.object_id, **stored)
    row = {
        **place,
        **stored,
        "document_id": received.document_id,
        "object_id": received.object_id,
        "name": received.name,
        "media_type": received.media.type,
        "kind": received.media.kind,
        "created_by": given["created_by"],
        "revision": given["revision"],
    }
    if known and known["document_id"] == received.document_id:
        number = queries.table_exports.add_version(conn, **row)
        _record_version(conn, given, received.document_id, number)
    else:
        queries.table_exports.produce(conn, **row, workspace_id=given["workspace_id"])
    return True


def _record_version(conn: Connection, given: Row, document_id: UUID, number: int) -> None:
    queries.events.record(
        conn,
        workspace_id=given["workspace_id"],
        entity="document",
        entity_id=document_id,
        event="document.version_added",
        payload=Jsonb({"version": number}),
    )


def _hold(conn: Connection, given: Row) -> None:
    """Lock the export; before it its job, as a deletion does. Raises Overtaken if it is of another
    revision by now, or needs nothing any more."""
    queries.table_exports.hold_job(conn, id=given["id"])
    if not queries.table_exports.hold(conn, id=given["id"], revision=given["revision"]):
        raise Overtaken


def _hash_of(file: File) -> bytes:
    digest = hashlib.sha256()
    for piece in _reported(file):
        digest.update(piece)
    return digest.digest()


def _reported(file: File) -> Iterator[bytes]:
    done = 0
    for piece in file.pieces():
        progress.report(done, doing=f"writing {file.name}")
        yield piece
        done += len(piece)


def save(conn: Connection, job: Job, result: Made | Failed) -> bool | Again:
    mine = {"id": job.subject_id}
    if isinstance(result, Failed):
        failed = queries.table_exports.fail(conn, **mine, error=result.said, error_code=result.code)
        return bool(failed)
    if queries.table_exports.complete(conn, **mine, revision=result.revision):
        return True
    # Cells were corrected since the last file was kept.
    return Again() if queries.table_exports.count_pending(conn, ids=[job.subject_id]) else False


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.table_exports.fail(conn, id=job.subject_id, error=error, error_code="unavailable")


def revive(conn: Connection, export_id: UUID) -> bool:
    return bool(queries.table_exports.revive(conn, id=export_id))


export_tables = Kind(
    name="export_tables",
    entity="table_export",
    open_clients=open_clients,
    load=load,
    still_wanted=still_wanted,
    work=export,
    save=save,
    give_up=give_up,
    # A store may be away for hours.
    delays=(0, 30, 300, 1800, 7200),
    lease=120,
    revive=revive,
)

command = command_for([export_tables], __doc__)

if __name__ == "__main__":
    command()
