"""Run transfers: make documents of files on users' drives, and send documents there.

A file that cannot be taken or sent ends its transfer as `failed`, with a code that says why. That
is a result, not a failure of the worker, so it leaves no dead letter.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg

from sql import queries
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.storage.contract import NoObject
from webapp.clients.storage.prepared import PreparedStore
from webapp.filing.drives import Drives
from webapp.filing.intake import Intake, NotAccepted, Owner, name_of
from webapp.filing.keeping import About, Kept, keep
from webapp.filing.renewing import add_version
from webapp.identity.ids import new_id
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.drives.contract import Drive, Entry
    from webapp.filing.intake import Received
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Names that are tried for a file before it is given up.
_MOST_NAMES: Final = 50
# What drives of one kind or another do not allow in names.
_ODD: Final = re.compile(r'["*:<>?/\\|\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The drives, the store, and the way into it."""

    drives: Drives
    store: PreparedStore
    intake: Intake


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of a drive's, in the store."""

    file: Received


@dataclass(frozen=True, slots=True)
class Sent:
    """A document's file, on the drive; `was_there` already."""

    name: str
    was_there: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file was neither fetched nor sent; with the credentials that the drive did not accept,
    if that is why."""

    code: str
    said: str
    credentials: bytes | None = None


def open_clients(settings: Settings) -> Outside:
    store = PreparedStore(settings.storage_url)
    transaction = transactions_of("run_transfers", settings)
    intake = Intake(
        store.ready,
        transaction,
        most_bytes=settings.document_max_bytes,
        quota_bytes=settings.quota_bytes,
    )
    return Outside(Drives(settings, transaction), store, intake)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    transfers = queries.transfers.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in transfers}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    return bool(queries.transfers.count_waiting(conn, ids=[job.subject_id for job in jobs]))


def run(given: Row, clients: Outside) -> Fetched | Sent | Failed:
    """The work itself. Raises StorageError, and DriveError if another attempt may help."""
    if not given["is_permitted"]:
        return Failed("not_permitted", "The user of this connection may no longer use it.")
    if given["connection_status"] == "broken":
        return Failed("credentials", "The connection is broken: give it new credentials first.")
    try:
        with closing(clients.drives.open(given | {"id": given["connection_id"]})) as drive:
            if given["direction"] == "import":
                return _fetch(given, drive, clients)
            return _send(given, drive, clients)
    except AccessLost as error:
        return Failed(error.code, str(error), given["credentials"])
    except DriveError as error:
        if not error.permanent:
            raise
        return Failed(error.code, str(error))
    except NotAccepted as error:
        return Failed(error.code, str(error))
    except psycopg.errors.CheckViolation as error:
        return _over_quota(error)


def _fetch(given: Row, drive: Drive, clients: Outside) -> Fetched:
    owner = Owner(given["user_id"], given["workspace_id"])
    with drive.open(given["path"]) as download:
        name = name_of(download.name) or "file"
        chunks = _reported(download.chunks, download.bytes, "fetching the file")
        document_id = given["former_id"] or new_id()
        with clients.intake.take(document_id, owner, name, chunks, download.bytes) as file:
            file.is_used = True  # if nobody makes a document of it, it expires
            return Fetched(file)


def _send(given: Row, drive: Drive, clients: Outside) -> Sent | Failed:
    if given["key"] is None:
        return Failed("document_gone", "The document is gone, or in the trash.")
    for name in _names(given["name"]):
        there = drive.find(given["path"], name)
        if there is not None:
            if _is_same(given, there, drive):
                return Sent(there.name, was_there=True)
            continue
        try:
            chunks = _reported(
                clients.store.ready().read(given["key"]), given["bytes"], "sending the file"
            )
            sent = drive.upload(given["path"], name, given["bytes"], chunks, key=str(given["id"]))
        except NoObject:
            return Failed("lost", "The bytes of this document are no longer in the store.")
        except DriveError as error:
            if error.code != "exists":
                raise
        else:
            return Sent(sent.name, was_there=False)
    return Failed("exists", "The folder has many files with this name.")


def _names(name: str) -> Iterator[str]:
    """The name as any drive accepts it, then with numbers."""
    plain = _ODD.sub("_", name)[:200].strip(" .") or "document"
    stem, dot, ending = plain.rpartition(".")
    if not stem:
        stem, dot, ending = plain, "", ""
    yield plain
    for number in range(2, _MOST_NAMES):
        yield f"{stem} ({number}){dot}{ending}"


def _is_same(given: Row, there: Entry, drive: Drive) -> bool:
    """Whether a file on the drive has the document's bytes: an earlier attempt may have sent it,
    and died before that was written."""
    if there.is_folder or there.bytes != given["bytes"]:
        return False
    digest = hashlib.sha256()
    with drive.open(there.path) as download:
        for chunk in _reported(download.chunks, there.bytes, "comparing the file"):
            digest.update(chunk)
    return digest.digest() == bytes(given["sha256"])


def _reported(chunks: Iterable[bytes], total: int | None, doing: str) -> Iterator[bytes]:
    done = 0
    progress.report(done, total, doing=doing)
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        progress.report(done, total, doing=doing)


def save(conn: Connection, job: Job, found: Fetched | Sent | Failed) -> bool:
    transfer: Row | None = queries.transfers.lock_waiting(conn, id=job.subject_id)
    if isinstance(found, Fetched):
        return _keep(conn, job, transfer, found.file)
    if transfer is None:
        return False
    if isinstance(found, Sent):
        queries.transfers.complete(
            conn,
            id=job.subject_id,
            name=found.name,
            document_id=None,
            is_duplicate=found.was_there,
            bytes=None,
        )
        return True
    _fail(conn, job, found)
    return True


def _keep(conn: Connection, job: Job, transfer: Row | None, file: Received) -> bool:
    kept = None
    if transfer is not None:
        try:
            with conn.transaction() as tried:
                kept = _filed(conn, job, transfer, file)
                if kept is None:
                    raise psycopg.Rollback(tried)
        except psycopg.errors.CheckViolation as error:
            _fail(conn, job, _over_quota(error))
        else:
            if kept is None:
                _fail(conn, job, Failed("document_gone", "The document was removed here."))
    if kept is None or kept.is_duplicate:
        queries.objects.doom(conn, id=file.object_id)
    if kept is not None:
        queries.transfers.complete(
            conn,
            id=job.subject_id,
            name=file.name,
            document_id=kept.document_id,
            is_duplicate=kept.is_duplicate,
            bytes=file.length,
        )
    return transfer is not None


def _filed(conn: Connection, job: Job, transfer: Row, file: Received) -> Kept | None:
    """The document that a file becomes, or of which it becomes a version; None for a file of a
    watched folder whose document was removed here, since it is not brought back."""
    owner = Owner(transfer["user_id"], transfer["workspace_id"])
    if transfer["former_id"] is not None:
        return _renewed(conn, job, transfer, owner, file)
    kept = keep(conn, file, owner, About(name=file.name, folder_id=transfer["folder_id"]))
    if transfer["watch_id"] is None:
        return kept
    if kept.trashed:
        return None
    queries.watches.link(
        conn,
        watch_id=transfer["watch_id"],
        file_id=transfer["file_id"],
        document_id=kept.document_id,
    )
    return kept


def _renewed(
    conn: Connection, job: Job, transfer: Row, owner: Owner, file: Received
) -> Kept | None:
    document = {"id": transfer["former_id"], "workspace_id": owner.workspace_id}
    queries.versions.hold_reading(conn, id=document["id"])
    if not queries.versions.hold_standing(conn, **document):
        return None
    if queries.versions.current(conn, **document)["sha256"] == file.sha256:
        return Kept(document["id"], is_duplicate=True)
    add_version(
        conn,
        file,
        document,
        name=file.name,
        created_by=owner.user_id,
        request_id=job.request_id,
    )
    return Kept(document["id"], is_duplicate=False)


def _fail(conn: Connection, job: Job, why: Failed) -> None:
    if why.credentials is not None:
        queries.connections.break_of_transfer(
            conn, transfer_id=job.subject_id, error=why.said, credentials=why.credentials
        )
    queries.transfers.fail(conn, id=job.subject_id, error=why.said, error_code=why.code)


def _over_quota(error: psycopg.errors.CheckViolation) -> Failed:
    if error.diag.constraint_name != "quotas_are_kept":
        raise error
    return Failed("quota_exceeded", "The file does not fit your quota.")


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.transfers.fail(conn, id=job.subject_id, error=error, error_code="unavailable")


def revive(conn: Connection, transfer_id: UUID) -> bool:
    return bool(queries.transfers.retry(conn, id=transfer_id))


run_transfers = Kind(
    name="run_transfers",
    entity="transfer",
    open_clients=open_clients,
    load=load,
    still_wanted=still_wanted,
    work=run,
    save=save,
    give_up=give_up,
    # A drive may be away for hours.
    delays=(0, 30, 300, 1800, 7200, 21_600),
    lease=120,
    revive=revive,
)

command = command_for([run_transfers], __doc__)

if __name__ == "__main__":
    command()
