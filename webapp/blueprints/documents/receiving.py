"""Copies a file from a request into the store, without holding all of it in memory.

The request has been received by then (`webapp/routes/uploads.py`), so nothing here waits for a
client. An object's row exists before its first byte is stored. An object that is not used is doomed
at once, or, if this process dies, by `expire_objects`.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from flask import request

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.storage import store
from webapp.http import db, request_body
from webapp.http.errors import Problem, invalid_input
from webapp.http.installed import settings
from webapp.http.multipart import Form
from webapp.parsing.documents.detection import detect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from marshmallow import Schema

    from webapp.parsing.documents.media import Media
    from webapp.settings import Settings

# Bytes from which the type is detected.
_HEAD: Final = 64 * 1024
# Longer than copying any file takes.
_TIME_TO_WRITE: Final = timedelta(hours=1)

log = structlog.get_logger("webapp.documents")


@dataclass(slots=True)
class Received:
    """A file in the store, and the form fields sent with it. Whoever keeps it sets `is_used`."""

    document_id: UUID
    object_id: UUID
    name: str
    media: Media
    length: int
    sha256: bytes
    fields: dict[str, str]
    is_used: bool = False

    def digest(self) -> bytes:
        """The same for equal uploads, for idempotency keys."""
        named = "".join(f"{name}={value}\n" for name, value in sorted(self.fields.items()))
        head = f"{request.method} {request.full_path}\n{self.name}\n{named}".encode()
        return hashlib.sha256(head + self.sha256).digest()


def file_in_body(fields: type[Schema]) -> dict[str, Any]:
    """The description of a body that is a form with a file and other fields, or a file."""
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                        **{name: {"type": "string"} for name in fields().fields},
                    },
                }
            },
            "application/octet-stream": {"schema": {}},
        },
    }


def most_bytes(settings: Settings) -> int:
    """The largest request: a file, and the form's fields."""
    return settings.document_max_bytes + _HEAD


def admit() -> None:
    """Refuse a file that does not fit the quota, before it is received. Raises Problem 413."""
    mine = {"user_id": caller().user_id, "default_bytes": settings().quota_bytes}
    with db.connection() as conn:
        quota = queries.objects.quota(conn, **mine)
    announced = request.content_length or 0
    if announced - _HEAD > quota["limit_bytes"] - quota["used_bytes"]:
        raise quota_exceeded(quota | {"needed_bytes": announced})


def quota_exceeded(facts: dict[str, Any]) -> Problem:
    """The response if `used_bytes` and `needed_bytes` together exceed `limit_bytes`."""
    room = max(facts["limit_bytes"] - facts["used_bytes"], 0)
    return Problem(
        413,
        "quota_exceeded",
        f"{room} bytes of your quota are free, and this takes {facts['needed_bytes']}. Documents in"
        " the trash count until they are permanently removed.",
        headers={"Connection": "close"},
        **facts,
    )


@contextmanager
def received(
    document_id: UUID, name: str, *, workspace_id: UUID | None = None
) -> Iterator[Received]:
    """The file of this request, for a document: the field `file` of a form, or the whole body, with
    this name.

    It is in the store within the block, and stays there if the block sets `is_used`. Raises Problem
    413 `body_too_large` or `quota_exceeded`, 415, 422 `empty_file`, 400 for a form that is broken,
    and StorageError.
    """
    limit = settings().document_max_bytes
    announced = request.content_length
    if request.mimetype == "multipart/form-data":
        form = Form("file")
        file = form.file()
        with _stored(document_id, file.name, file.chunks, file.at_most, limit) as found:
            found.fields = form.rest()
            yield found
    else:
        with _stored(document_id, name, request_body.parts(), announced, limit) as found:
            yield found


@contextmanager
def _stored(
    document_id: UUID, name: str, chunks: Iterator[bytes], announced: int | None, limit: int
) -> Iterator[Received]:
    head = _beginning(chunks)
    if not head:
        raise Problem(422, "empty_file", "The file is empty.")
    if announced is not None and announced > limit:
        raise too_large(limit)
    media = detect(io.BytesIO(head), name)
    if not media.can_be_read:
        raise _unsupported(media)
    place = _reserve(document_id, media, announced or len(head))
    measured = _Measured(chain([head], chunks), limit)
    found = None
    try:
        store().put(place["key"], measured)
        found = Received(
            document_id=document_id,
            object_id=place["id"],
            name=name,
            media=media,
            length=measured.bytes,
            sha256=measured.sha256.digest(),
            fields={},
        )
        yield found
    finally:
        if found is None or not found.is_used:
            _doom(place["id"])


class _Measured:
    """Counts and hashes chunks as they pass. Raises Problem 413 for too many bytes."""

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
        if len(head) >= _HEAD:
            break
    return bytes(head)


def _reserve(document_id: UUID, media: Media, announced: int) -> dict[str, Any]:
    with db.transaction() as conn:
        place: dict[str, Any] = queries.objects.reserve(
            conn,
            workspace_id=caller().workspace_id,
            user_id=caller().user_id,
            document_id=document_id,
            ending=media.extension,
            bytes=announced,
            default_bytes=settings().quota_bytes,
            time=_TIME_TO_WRITE,
        )
    return place


def _doom(object_id: UUID) -> None:
    try:
        with db.transaction() as conn:
            queries.objects.doom(conn, id=object_id)
    except psycopg.Error as error:
        # `expire_objects` does it later.
        log.warning("object_not_doomed", object_id=str(object_id), error=str(error).strip())


def too_large(limit: int) -> Problem:
    """The response to a file of more than `limit` bytes."""
    return Problem(
        413,
        "body_too_large",
        f"A document may have at most {limit} bytes.",
        headers={"Connection": "close"},
        limit_bytes=limit,
    )


def _unsupported(media: Media) -> Problem:
    hint = {
        "application/msword": " Save it as .docx.",
        "application/vnd.ms-powerpoint": " Save it as .pptx.",
    }.get(media.type, "")
    return Problem(
        415,
        "unsupported_media_type",
        f"Files of type {media.type} cannot be read.{hint}",
        headers={"Connection": "close"},
    )


def name_of(given: str) -> str:
    """A file's name without the folders that some clients put in front. Raises Problem 422."""
    name = given.replace("\\", "/").rpartition("/")[2].strip()
    name = "".join(each for each in name if each.isprintable())[:255]
    if not name:
        raise invalid_input(("name", "Give the file a name."))
    return name
