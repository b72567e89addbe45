"""The files of documents on their way from an archive into the store."""

from __future__ import annotations

import io
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import psycopg

from sql import queries
from webapp.archives.naming import known_as
from webapp.archives.reading import Damaged
from webapp.filing.intake import HEAD, NotAccepted, Owner
from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.media import BY_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sql.connection import Connection
    from webapp.archives.naming import Target
    from webapp.archives.part import Part
    from webapp.archives.reading import Archive
    from webapp.filing.intake import Intake, Received
    from webapp.parsing.documents.media import Media

    Row = dict[str, Any]

# What the longest text of a document may have.
_LONGEST_TEXT: Final = 16_000_000
_MOST_VERSIONS: Final = 10_000


class NotTaken(ValueError):
    """A document that is refused because of its files, and why."""


@dataclass(slots=True)
class Taken:
    """A document whose files are in the store: its row, which names them."""

    row: Row
    received: list[Received] = field(default_factory=list)

    def store(self, conn: Connection) -> None:
        """Save that the files are in the store."""
        for each in self.received:
            queries.objects.store(conn, id=each.object_id, bytes=each.length, sha256=each.sha256)

    def give_back(self, conn: Connection) -> None:
        """Have the files deleted, since no document has them."""
        for each in self.received:
            queries.objects.doom(conn, id=each.object_id)

    def learn(self, conn: Connection, target: Target) -> None:
        """Count what people decided about the document."""
        queries.archived_documents.learn(
            conn, import_id=target.import_id, old_id=UUID(self.row["id"])
        )

    def keep(self, *, is_used: bool) -> None:
        """Let the files stay in the store."""
        for each in self.received:
            each.is_used = is_used


def is_known(conn: Connection, target: Target, part: Part, row: Row) -> bool:
    """Whether a document is there already, so that its files need not be read."""
    try:
        return known_as(conn, target, part, UUID(row["id"])) is not None
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


@contextmanager
def received(
    archive: Archive,
    row: Row,
    target: Target,
    intake: Intake,
    *,
    known: bool,
    on_chunk: Callable[[], None],
) -> Iterator[Taken]:
    """A document with its files in the store, within the block; they stay there if it says so.
    `on_chunk` is called while they arrive.

    Raises NotTaken and StorageError.
    """
    taken = Taken(dict(row))
    history = [dict(each) for each in row.get("history") or () if isinstance(each, dict)]
    if len(history) > _MOST_VERSIONS:
        raise NotTaken("It has too many versions.")
    taken.row["history"] = history
    with ExitStack() as stack:
        try:
            for version in history:
                version["object_id"] = None
                if version.get("file") is not None and not known:
                    file = _take(archive, row, version, target, intake, stack, on_chunk)
                    taken.received.append(file)
            if not known:
                taken.row["text"] = _with_text(archive, row.get("text"))
        except (NotAccepted, Damaged) as error:
            raise NotTaken(str(error)) from None
        except psycopg.errors.CheckViolation as error:
            if error.diag.constraint_name != "quotas_are_kept":
                raise
            raise NotTaken("It does not fit your quota any more.") from None
        yield taken


def _take(
    archive: Archive,
    row: Row,
    version: Row,
    target: Target,
    intake: Intake,
    stack: ExitStack,
    on_chunk: Callable[[], None],
) -> Received:
    name = version["file"]
    if not isinstance(name, str) or name not in archive or not name.startswith("documents/"):
        raise NotTaken("Its file is not in the archive.")
    try:
        document_id = UUID(row["id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotTaken("It has no id.") from None
    chunks = archive.bytes_of(name)
    head = next(chunks, b"")
    called = str(version.get("name") or "file")
    found = detect(io.BytesIO(head[:HEAD]), called)
    file = stack.enter_context(
        intake.take(
            document_id,
            Owner(target.user_id, target.workspace_id),
            called,
            _told(chain([head], chunks), on_chunk),
            archive.size_of(name),
            media=found if found.type == "application/zip" else None,
        )
    )
    if version.get("sha256") != "\\x" + file.sha256.hex():
        raise NotTaken("Its file in the archive has another SHA-256 than it says.")
    media = _refined(version, file.media)
    version |= {
        "object_id": str(file.object_id),
        "bytes": file.length,
        "media_type": media.type,
        "kind": media.kind,
    }
    return file


def _told(chunks: Iterator[bytes], on_chunk: Callable[[], None]) -> Iterator[bytes]:
    for chunk in chunks:
        on_chunk()
        yield chunk


def _refined(version: Row, found: Media) -> Media:
    """The type that was found out when the file was read, if it is of the kind that is detected."""
    said = BY_TYPE.get(str(version.get("media_type")))
    return said if said is not None and said.kind == found.kind else found


def _with_text(archive: Archive, text: object) -> Row | None:
    if not isinstance(text, dict):
        return None
    name = text.get("file")
    if not isinstance(name, str) or name not in archive or archive.size_of(name) > _LONGEST_TEXT:
        return None
    said = b"".join(archive.bytes_of(name)).decode("utf-8", "replace")
    return {**text, "text": said}
