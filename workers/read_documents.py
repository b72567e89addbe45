"""Read documents: extract text by page, language and title from the stored files.

A document that cannot be read becomes `failed`, with a code that says why. That is a result, not a
failure of the worker, so it leaves no dead letter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.storage.choice import store_from
from webapp.clients.storage.contract import NoObject
from webapp.parsing.documents.arrival import look_at
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.readers import Readers, check_readers
from webapp.reading import language
from webapp.rules.first_line import first_line_with_a_word, given_title
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import BinaryIO
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store
    from webapp.parsing.documents.arrival import Arrival
    from webapp.parsing.documents.document import Document
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Characters of text to keep: more than the longest novels.
_MOST_TEXT = 4_000_000


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The store, and the restricted children that read."""

    store: Store
    readers: Readers

    def close(self) -> None:
        self.readers.close()


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from a version."""

    version_id: UUID
    media_type: str
    kind: str
    pages: int
    ocr_pages: list[int]
    text: str
    language: str | None
    title: str | None
    dated_on: date | None
    arrival: Arrival | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a document cannot be read, as a code and in words."""

    code: str
    said: str
    version_id: UUID | None = None
    arrival: Arrival | None = None


def open_clients(settings: Settings) -> Outside:
    return Outside(store_from(settings.storage_url), Readers())


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    documents = queries.documents.load_for_reading(conn, ids=[job.subject_id for job in jobs])
    ocr = {job.subject_id: job.payload.get("ocr", "auto") for job in jobs}
    return {each["id"]: each | {"ocr": ocr[each["id"]]} for each in documents}


def read(given: Row, clients: Outside) -> Read | Unreadable:
    """The work itself. Raises StorageError, and DocumentError if another attempt may help."""
    progress.report(0, None, doing="reading the file")
    if given["key"] is None:
        return Unreadable("lost", "There is no file.")
    try:
        if given["arrived_key"] is not None:
            clients.store.copy(given["arrived_key"], given["key"])
        with clients.store.open(given["key"]) as file:
            if given["arrived_key"] is None:
                return _read_file(given, file, clients.readers)
            arrival = look_at(file, given["name"])
            if not _is_as_announced(given, arrival):
                return Unreadable("mismatch", "Another file has arrived than was announced.")
            found = _read_file(given, file, clients.readers)
            return replace(found, version_id=given["version_id"], arrival=arrival)
    except NoObject as error:
        return Unreadable("lost", str(error))


def _is_as_announced(given: Row, arrival: Arrival) -> bool:
    is_same = given["announced_sha256"] in (None, arrival.sha256)
    return is_same and arrival.length == given["announced_bytes"]


def _read_file(given: Row, file: BinaryIO, readers: Readers) -> Read | Unreadable:
    try:
        document = readers.read(
            file.fileno(),
            name=given["name"],
            ocr=given["ocr"],
            on_page=lambda done, total: progress.report(done, total, doing="reading pages"),
        )
    except DocumentError as error:
        if not error.permanent:
            raise
        if error.code == "encrypted" and given["known_text"] is not None:
            return _known(given)
        return Unreadable(error.code, str(error))
    return read_from(given["version_id"], document)


def read_from(version_id: UUID, document: Document) -> Read:
    """What to save of a document. PostgreSQL's text cannot hold NUL."""
    text = document.text.replace("\0", "")[:_MOST_TEXT]
    created = document.metadata.created
    return Read(
        version_id=version_id,
        media_type=document.media.type,
        kind=document.media.kind,
        pages=len(document.pages),
        ocr_pages=[page.number for page in document.pages if page.origin == "ocr"],
        text=text,
        language=language.detect(text),
        title=_title(document.metadata.title, text),
        dated_on=created.date() if created else None,
    )


def _known(given: Row) -> Read:
    """What was read of an encrypted document when its owner gave the password."""
    text = given["known_text"]
    return Read(
        version_id=given["version_id"],
        media_type=given["media_type"],
        kind=given["kind"],
        pages=given["known_pages"],
        ocr_pages=[],
        text=text,
        language=language.detect(text),
        title=_title("", text),
        dated_on=None,
    )


def _title(said: str, text: str) -> str | None:
    """The document's own title, or else its first line with a word in it."""
    return given_title(said.replace("\0", "")) or first_line_with_a_word(text)


def save(conn: Connection, job: Job, found: Read | Unreadable) -> bool:
    if found.arrival is not None:
        _keep(conn, found.version_id, found.arrival)
    if isinstance(found, Unreadable):
        if found.code == "mismatch":
            queries.presigned.refuse(conn, id=job.subject_id)
        failed: int = queries.documents.fail(
            conn, id=job.subject_id, error=found.said, error_code=found.code
        )
        return failed > 0
    text_id = queries.documents.keep_text(
        conn,
        version_id=found.version_id,
        pages=found.pages,
        ocr_pages=found.ocr_pages,
        text=found.text,
        language=found.language,
    )
    wanted: int = queries.documents.save_reading(
        conn,
        id=job.subject_id,
        version_id=found.version_id,
        media_type=found.media_type,
        kind=found.kind,
        text_id=text_id,
        language=found.language,
        title=found.title,
        dated_on=found.dated_on,
    )
    queries.documents.forget_texts(conn, version_id=found.version_id)
    return wanted > 0


def _keep(conn: Connection, version_id: UUID | None, arrival: Arrival) -> None:
    """Save what has arrived: it is charged and can be downloaded, even if it cannot be read."""
    stored = {"bytes": arrival.length, "sha256": arrival.sha256}
    copy = queries.presigned.keep(
        conn,
        version_id=version_id,
        media_type=arrival.media.type,
        kind=arrival.media.kind,
        **stored,
    )
    if copy is not None:
        queries.objects.store(conn, id=copy["object_id"], **stored)


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.documents.fail(conn, id=job.subject_id, error=error, error_code="too_complex")


def revive(conn: Connection, document_id: UUID) -> bool:
    return bool(queries.documents.retry(conn, id=document_id))


read_documents = Kind(
    name="read_documents",
    check=check_readers,
    entity="document",
    open_clients=open_clients,
    load=load,
    work=read,
    save=save,
    give_up=give_up,
    delays=(0, 30, 300),
    # Seconds for one page; scanned pages take longest.
    lease=180,
    revive=revive,
)

command = command_for([read_documents], __doc__)

if __name__ == "__main__":
    command()
