"""File mails: make documents of the files in received messages, or of a message without any.

The message is parsed in a restricted child, like any document. Its own object is removed once its
files are documents; until then it is kept, so nothing is lost if that fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg

from sql import queries
from webapp.clients.storage.contract import NoObject
from webapp.clients.storage.prepared import PreparedStore
from webapp.filing.intake import Intake, NotAccepted, Owner, name_of
from webapp.filing.keeping import About, keep
from webapp.identity.ids import new_id
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.readers import Readers, check_readers
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Received
    from webapp.parsing.documents.document import Document
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Files of one message that become documents.
_MOST_FILES: Final = 100
_MESSAGE: Final = "message.eml"


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The store, the way into it, and the restricted children that read."""

    store: PreparedStore
    intake: Intake
    readers: Readers

    def close(self) -> None:
        self.readers.close()


@dataclass(frozen=True, slots=True)
class Taken:
    """The files of a message, in the store; why others were refused; and its subject."""

    files: list[Received]
    refused: list[str]
    subject: str


@dataclass(frozen=True, slots=True)
class Unfiled:
    """Why nothing was made of a message, which is kept; and the files that were taken by then."""

    said: str
    files: list[Received]


def open_clients(settings: Settings) -> Outside:
    store = PreparedStore(settings.storage_url)
    intake = Intake(
        store.ready,
        transactions_of("file_mails", settings),
        most_bytes=settings.document_max_bytes,
        quota_bytes=settings.quota_bytes,
    )
    return Outside(store, intake, Readers())


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    mails = queries.received_mails.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in mails}


def take(given: Row, clients: Outside) -> Taken | Unfiled:
    """The work itself. Raises StorageError, and DocumentError if another attempt may help."""
    owner = Owner(given["user_id"], given["workspace_id"])
    found = Taken([], [], "")
    try:
        with clients.store.ready().open(given["key"]) as file:
            message = _read(file.fileno(), clients.readers)
            if message is not None:
                found = Taken([], [], message.metadata.title)
                _take_attachments(file.fileno(), message, owner, clients, found)
        if not found.files:
            # Also if all its files were refused: then the message says what they were.
            name = name_of(f"{found.subject[:200].replace('/', '_')}.eml") or _MESSAGE
            chunks = clients.store.ready().read(given["key"])
            _take(name, chunks, given["bytes"], owner, clients, found)
    except NoObject as error:
        return Unfiled(str(error), found.files)
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != "quotas_are_kept":
            raise
        return Unfiled("The files of the message do not fit your quota.", found.files)
    return found


def _read(file: int, readers: Readers) -> Document | None:
    """The message; None for one that cannot be parsed."""
    try:
        return readers.read(
            file,
            name=_MESSAGE,
            ocr="never",
            on_page=lambda done, total: progress.report(done, total, doing="reading the message"),
        )
    except DocumentError as error:
        if not error.permanent:
            raise
        return None


def _take_attachments(
    file: int, message: Document, owner: Owner, clients: Outside, found: Taken
) -> None:
    attached = message.attachments
    for number, each in enumerate(attached[:_MOST_FILES]):
        progress.report(number, len(attached), doing="taking the files")
        try:
            data = clients.readers.attachment(file, number, name=_MESSAGE)
        except DocumentError as error:
            if not error.permanent:
                raise
            found.refused.append(f"{each.name[:200]}: {error}")
            continue
        name = name_of(each.name) or f"file {number + 1}"
        _take(name, iter([data] if data else []), len(data), owner, clients, found)
    if len(attached) > _MOST_FILES:
        found.refused.append(f"Only {_MOST_FILES} files of a message become documents.")


def _take(
    name: str, chunks: Iterator[bytes], length: int, owner: Owner, clients: Outside, found: Taken
) -> None:
    try:
        with clients.intake.take(new_id(), owner, name, chunks, length) as taken:
            taken.is_used = True  # if nobody makes a document of it, it expires
            found.files.append(taken)
    except NotAccepted as error:
        found.refused.append(f"{name[:200]}: {error}")


def save(conn: Connection, job: Job, found: Taken | Unfiled) -> bool:
    mail: Row | None = queries.received_mails.lock(conn, id=job.subject_id)
    if isinstance(found, Unfiled):
        queries.received_mails.fail(conn, id=job.subject_id, error=found.said)
        for file in found.files:
            queries.objects.doom(conn, id=file.object_id)
        return mail is not None
    duplicates = 0
    for file in found.files:
        kept = None
        if mail is not None:
            owner = Owner(mail["user_id"], mail["workspace_id"])
            metadata = {"mail_from": mail["sender"], "mail_subject": found.subject}
            about = About(name=file.name, folder_id=mail["folder_id"], metadata=metadata)
            kept = keep(conn, file, owner, about)
            duplicates += kept.is_duplicate
        if kept is None or kept.is_duplicate:
            queries.objects.doom(conn, id=file.object_id)
    if mail is None:
        return False
    queries.received_mails.file(
        conn,
        id=job.subject_id,
        documents=len(found.files) - duplicates,
        duplicates=duplicates,
        refused=found.refused[:_MOST_FILES],
    )
    queries.objects.doom(conn, id=mail["object_id"])
    return True


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.received_mails.fail(conn, id=job.subject_id, error=error)


def revive(conn: Connection, mail_id: UUID) -> bool:
    return bool(queries.received_mails.retry(conn, id=mail_id))


file_mails = Kind(
    name="file_mails",
    entity="received_mail",
    check=check_readers,
    open_clients=open_clients,
    load=load,
    work=take,
    save=save,
    give_up=give_up,
    delays=(0, 30, 300, 3600),
    lease=180,
    revive=revive,
)

command = command_for([file_mails], __doc__)

if __name__ == "__main__":
    command()
