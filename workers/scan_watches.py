"""Scan watches: look into watched folders of users' drives and mailboxes, and take what is new.

A file is taken once its content is complete: if it was the same in the scan before, or has not
changed for two minutes. Another content of it is another version of its document, if that is still
wanted here. What disappears there stays here. Of mailboxes, messages are received that arrived
since the last scan. A scan that fails is tried again, later and later, until the drive is back.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg

from sql import queries
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.storage.contract import StorageError
from webapp.clients.storage.prepared import PreparedStore
from webapp.filing.arrivals import Arrivals
from webapp.filing.drives import Drives, is_mailbox
from webapp.filing.intake import Intake
from workers.engine import progress
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.drives.contract import Entry
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds between two scans; and at most, while they fail.
EVERY: Final = 300.0
_LONGEST: Final = 6 * 3600.0
# Entries of a folder asked for at once, and looked at in all.
_PART: Final = 1_000
_MOST: Final = 20_000
_COMPLETE_AFTER: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The drives, and what receives messages."""

    drives: Drives
    arrivals: Arrivals


@dataclass(frozen=True, slots=True)
class Seen:
    """The files of a folder, and whether there are more than are looked at."""

    files: Sequence[Entry]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Received:
    """The new messages of a folder were received; whether there may be more."""

    has_more: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why a folder could not be scanned; with the credentials that the drive did not accept, if
    that is why."""

    said: str
    credentials: bytes | None = None
    retry_after: float = 0.0


def open_clients(settings: Settings) -> Outside:
    transaction = transactions_of("scan_watches", settings)
    intake = Intake(
        PreparedStore(settings.storage_url).ready,
        transaction,
        most_bytes=settings.mail_in_max_bytes,
        quota_bytes=settings.quota_bytes,
    )

    def report(done: int, total: int | None) -> None:
        progress.report(done, total, doing="receiving messages")

    return Outside(Drives(settings, transaction), Arrivals(intake, transaction, report))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    watches = queries.watches.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in watches}


def scan(given: Row, clients: Outside) -> Seen | Received | Unseen:
    """The work itself."""
    if not given["is_permitted"]:
        return Unseen("The user of this connection may no longer use it.")
    try:
        if is_mailbox(given["provider"]):
            return _receive(given, clients)
        return _list(given, clients)
    except AccessLost as error:
        return Unseen(str(error), given["credentials"])
    except DriveError as error:
        return Unseen(str(error), retry_after=error.retry_after or 0.0)


def _list(given: Row, clients: Outside) -> Seen:
    with closing(clients.drives.open(given | {"id": given["connection_id"]})) as drive:
        files: list[Entry] = []
        cursor = None
        while True:
            progress.report(len(files), None, doing="listing the folder")
            found = drive.list_folder(given["path"], limit=_PART, cursor=cursor)
            files += [each for each in found.entries if not each.is_folder]
            cursor = found.next_cursor
            if cursor is None or len(files) >= _MOST:
                return Seen(files, is_cut=cursor is not None)


def _receive(given: Row, clients: Outside) -> Received | Unseen:
    connection = given | {"id": given["connection_id"]}
    try:
        with closing(clients.drives.open_mailbox(connection)) as mailbox:
            return Received(clients.arrivals.receive_new(mailbox, given))
    except StorageError as error:
        return Unseen(str(error))
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != "quotas_are_kept":
            raise
        # It stays in the mailbox, so it is received once there is room.
        return Unseen("The next message does not fit your quota.")


def save(conn: Connection, job: Job, found: Seen | Received | Unseen) -> bool | Again:
    watch = {"id": job.subject_id}
    if queries.watches.lock(conn, **watch) is None:
        return False
    if isinstance(found, Unseen):
        if found.credentials is not None:
            queries.connections.break_of_watch(
                conn, watch_id=job.subject_id, error=found.said, credentials=found.credentials
            )
            # That has paused this watch, unless the user has just given new credentials.
            return Again(EVERY) if queries.watches.lock(conn, **watch) else True
        failures = queries.watches.note_failure(conn, **watch, error=found.said)
        return Again(max(min(EVERY * 2**failures, _LONGEST), found.retry_after))
    if isinstance(found, Received):
        queries.watches.note_scan(conn, **watch, error=None)
        return Again(0.0 if found.has_more else EVERY)
    old = datetime.now(UTC) - _COMPLETE_AFTER
    files = {_short(each.id): each for each in found.files}
    queries.watches.see(
        conn,
        **watch,
        file_ids=list(files),
        etags=[_short(each.etag) for each in files.values()],
        paths=[each.path for each in files.values()],
        names=[each.name for each in files.values()],
        is_cut=found.is_cut,
        are_old=[bool(each.modified_at and each.modified_at < old) for each in files.values()],
    )
    error = f"Only {_MOST:,} files of the folder are watched." if found.is_cut else None
    queries.watches.note_scan(conn, **watch, error=error)
    return Again(EVERY)


def _short(text: str) -> str:
    """What stands for an id or an etag, which a drive may make as long as it likes."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


scan_watches = Kind(
    name="scan_watches",
    entity="watch",
    open_clients=open_clients,
    load=load,
    work=scan,
    save=save,
    # For what is no fault of the drive's: the drive's own are results.
    delays=(0, 60, 600, 3600, 21_600),
    lease=120,
)

command = command_for([scan_watches], __doc__)

if __name__ == "__main__":
    command()
