"""Forms with a file in them (`multipart/form-data`), read as they arrive.

werkzeug's decoder does the parsing; what it is given is bounded here. The file goes through in
chunks, and all that is kept are the other fields, few and short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from webapp.http.errors import Problem, invalid_input

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from werkzeug.sansio.multipart import Event

_CHUNK: Final = 256 * 1024
_MOST_FIELDS: Final = 50
# Bytes of all fields together, which are texts that somebody typed.
_FIELDS_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The file of a form: its name as the client gave it, its bytes once, in chunks, and how many
    there are at most, where the request says how long it is."""

    name: str
    chunks: Iterator[bytes]
    at_most: int | None


class Form:
    """The form in the body of this request, of which one field is a file.

    First `file()`, whose chunks are to be read to their end, then `rest()`. Fields may come before
    the file or behind it. Raises Problem 400 `invalid_body` for what is no form or breaks off, 413
    for fields that are too long, and 422 where the file is missing or not the only one.
    """

    def __init__(self, file_field: str) -> None:
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != "multipart/form-data" or not boundary:
            raise Problem(
                415, "unsupported_media_type", "Send a form with a file: multipart/form-data."
            )
        self._file_field = file_field
        self._boundary = boundary.encode("latin-1", "replace")
        self._decoder = MultipartDecoder(self._boundary, max_parts=_MOST_FIELDS + 2)
        self._read = 0
        self._events = self._decoded()
        self._fields: dict[str, str] = {}
        self._bytes_of_fields = 0

    def file(self) -> UploadedFile:
        """The file, as soon as it begins; the fields before it have been read then."""
        for event in self._events:
            if isinstance(event, Field):
                self._read_field(event)
            elif isinstance(event, File):
                if event.name != self._file_field:
                    raise invalid_input((_shown(event.name), "Not a field that takes a file."))
                return UploadedFile(event.filename, self._chunks(), self._left())
        raise invalid_input((self._file_field, "Missing: send the file in this field."))

    def rest(self) -> dict[str, str]:
        """All fields by name, once the file has been read."""
        for event in self._events:
            if isinstance(event, Field):
                self._read_field(event)
            elif isinstance(event, File):
                raise invalid_input((_shown(event.name), "One file at a time."))
        return self._fields

    def _chunks(self) -> Iterator[bytes]:
        for event in self._events:
            if isinstance(event, Data):
                if event.data:
                    yield bytes(event.data)
                if not event.more_data:
                    return

    def _left(self) -> int | None:
        """How many bytes the part that begins here has, if it is the last one."""
        if request.content_length is None:
            return None
        behind = len(b"\r\n--" + self._boundary + b"--")
        return max(request.content_length - self._read + len(self._decoder.buffer) - behind, 0)

    def _decoded(self) -> Iterator[Event]:
        while True:
            try:
                event = self._decoder.next_event()
                if isinstance(event, NeedData):
                    chunk = _read(request.stream)
                    self._read += len(chunk)
                    self._decoder.receive_data(chunk or None)
                    continue
            except RequestEntityTooLarge:
                raise invalid_input(("body", f"Has more than {_MOST_FIELDS} fields.")) from None
            except ValueError as error:
                raise _broken(error) from None
            if isinstance(event, Epilogue):
                return
            yield event

    def _read_field(self, field: Field) -> None:
        name = _shown(field.name)
        if name in self._fields:
            raise invalid_input((name, "Is given twice."))
        if len(self._fields) >= _MOST_FIELDS:
            raise invalid_input(("body", f"Has more than {_MOST_FIELDS} fields."))
        value = bytearray()
        for chunk in self._chunks():
            value += chunk
            self._bytes_of_fields += len(chunk)
            if self._bytes_of_fields > _FIELDS_LIMIT:
                raise Problem(
                    413,
                    "body_too_large",
                    f"The fields beside the file take more than {_FIELDS_LIMIT} bytes together.",
                    headers={"Connection": "close"},
                )
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise invalid_input((name, "Not valid UTF-8.")) from None
        if "\0" in text:
            raise invalid_input((name, "Must not contain NUL."))
        self._fields[name] = text


def raw_chunks() -> Iterator[bytes]:
    """The body of this request as it is, in chunks. Raises Problem 400 where it breaks off."""
    while chunk := _read(request.stream):
        yield chunk


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_CHUNK)
    except (ClientDisconnected, ParseException, OSError) as error:
        raise _broken(error) from None


def _broken(error: Exception) -> Problem:
    return Problem(
        400,
        "invalid_body",
        f"The body could not be read to its end: {type(error).__name__}.",
        headers={"Connection": "close"},
    )


def _shown(name: str | None) -> str:
    """A field's name as an answer may repeat it."""
    return (name or "").replace("\0", "\ufffd")[:100]
