"""Takes a file into the store, without holding all of it in memory, for a document to be made of.

An object's row exists before its first byte is stored. An object that is not used is doomed at
once, or, if this process dies, by `expire_objects`.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
import structlog

from sql import queries
from webapp.failure import Failure
from webapp.parsing.documents.detection import detect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store
    from webapp.parsing.documents.media import Media

# Bytes from which the type is detected.
HEAD: Final = 64 * 1024
# How long an object may be written after the last sign of life. While its file arrives there is one
# every few minutes: a slow client may take hours, and what a killed process reserved is free again
# within one.
_TIME_TO_WRITE: Final = timedelta(hours=1)
_BETWEEN_SIGNS: Final = timedelta(minutes=10)

Code = Literal["empty_file", "body_too_large", "unsupported_media_type", "quota_exceeded"]

log = structlog.get_logger("webapp.documents")


class NotAccepted(Failure):
    """A file that no document is made of; another attempt with it would end the same. `facts` are
    the numbers behind the message."""

    def __init__(self, code: Code, message: str, **facts: Any) -> None:
        super().__init__(message, permanent=True)
        self.code: Code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a file will be: the user who is charged for it, and the workspace."""

    user_id: UUID
    workspace_id: UUID


@dataclass(slots=True)
class Received:
    """A file in the store. Whoever keeps it sets `is_used`."""

    document_id: UUID
    object_id: UUID
    name: str
    media: Media
    length: int
    sha256: bytes
    is_used: bool = False


class Intake:
    """Takes files into a store. `transaction` opens a short transaction in somebody's name.
    `is_charged` says whether the files count towards the quota of whoever owns them."""

    def __init__(
        self,
        store: Callable[[], Store],
        transaction: Callable[[], AbstractContextManager[Connection]],
        *,
        most_bytes: int,
        quota_bytes: int,
        is_charged: bool = True,
    ) -> None:
        self._store = store
        self._transaction = transaction
        self._most_bytes = most_bytes
        self._quota_bytes = quota_bytes
        self._is_charged = is_charged

    @contextmanager
    def take(
        self,
        document_id: UUID,
        owner: Owner,
        name: str,
        chunks: Iterator[bytes],
        announced: int | None,
        *,
        media: Media | None = None,
    ) -> Iterator[Received]:
        """A file for a document, of `announced` bytes, if that is known. It is in the store within
        the block, and stays there if the block sets `is_used`. Its `media` is detected, unless it
        is known.

        Raises NotAccepted, StorageError, what `chunks` raises, and psycopg.errors.CheckViolation if
        it does not fit the quota: see `over_quota`.
        """
        head = _beginning(chunks)
        if not head:
            raise NotAccepted("empty_file", "The file is empty.")
        if announced is not None and announced > self._most_bytes:
            raise too_large(self._most_bytes)
        if media is None:
            media = detect(io.BytesIO(head), name)
            if not media.can_be_read:
                raise _unsupported(media)
        elif media.type == "application/zip" and not head.startswith(b"PK"):
            raise NotAccepted("unsupported_media_type", "The file is not a ZIP file.")
        place = self._reserve(owner, document_id, media, announced or len(head))
        arriving = self._keep_reserved(place["id"], chain([head], chunks))
        measured = _Measured(arriving, self._most_bytes)
        found = None
        try:
            self._store().put(place["key"], measured)
            found = Received(
                document_id=document_id,
                object_id=place["id"],
                name=name,
                media=media,
                length=measured.bytes,
                sha256=measured.sha256.digest(),
            )
            yield found
        finally:
            if found is None or not found.is_used:
                self._doom(place["id"])

    def _reserve(
        self, owner: Owner, document_id: UUID, media: Media, announced: int
    ) -> dict[str, Any]:
        with self._transaction() as conn:
            queries.objects.reserve_without_waiting(conn)
            place: dict[str, Any] = queries.objects.reserve(
                conn,
                workspace_id=owner.workspace_id,
                user_id=owner.user_id,
                document_id=document_id,
                ending=media.extension,
                bytes=announced,
                default_bytes=self._quota_bytes,
                is_charged=self._is_charged,
                time=_TIME_TO_WRITE,
            )
        return place

    def _keep_reserved(self, object_id: UUID, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks; as long as they come, the object's reservation does not expire."""
        due = monotonic() + _BETWEEN_SIGNS.total_seconds()
        for chunk in chunks:
            if monotonic() >= due:
                with self._transaction() as conn:
                    queries.objects.keep_reserved(conn, id=object_id, time=_TIME_TO_WRITE)
                due = monotonic() + _BETWEEN_SIGNS.total_seconds()
            yield chunk

    def _doom(self, object_id: UUID) -> None:
        try:
            with self._transaction() as conn:
                queries.objects.doom(conn, id=object_id)
        except psycopg.Error as error:
            # `expire_objects` does it later.
            log.warning("object_not_doomed", object_id=str(object_id), error=str(error).strip())


class _Measured:
    """Counts and hashes chunks as they pass. Raises NotAccepted for too many bytes."""

    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._chunks = chunks
        self._limit = limit
        self.bytes = 0
        self.sha256 = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.bytes += len(chunk)
            if self.bytes > self._limit:
                raise too_large(self._limit)
            self.sha256.update(chunk)
            yield chunk


def _beginning(chunks: Iterator[bytes]) -> bytes:
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    return bytes(head)


def too_large(limit: int) -> NotAccepted:
    """The refusal of a file of more than `limit` bytes."""
    return NotAccepted(
        "body_too_large", f"A file may have at most {limit} bytes.", limit_bytes=limit
    )


def _unsupported(media: Media) -> NotAccepted:
    hint = {
        "application/msword": " Save it as .docx.",
        "application/vnd.ms-powerpoint": " Save it as .pptx.",
    }.get(media.type, "")
    return NotAccepted(
        "unsupported_media_type", f"Files of type {media.type} cannot be read.{hint}"
    )


def name_of(given: str) -> str:
    """A file's name without the folders that some programs put in front; empty if nothing is
    left."""
    name = given.replace("\\", "/").rpartition("/")[2].strip()
    return "".join(each for each in name if each.isprintable())[:255].strip()
