"""Forms with a file in them (`multipart/form-data`), read in chunks.

werkzeug's decoder parses the form; here its input is bounded. Only the other fields, few and short,
are kept in memory. The bytes of a part pass it by, as long as no boundary is among them: it would
copy and search them several times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    NEED_DATA,
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from webapp.http import request_body
from webapp.http.errors import Problem, invalid_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.sansio.multipart import Event

_MOST_FIELDS: Final = 50
# Bytes of all fields together, which somebody typed.
_FIELDS_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The file of a form: the name that the client gave, the bytes in chunks, to be read once, and
    the most bytes there can be, if the request gives its length."""

    name: str
    chunks: Iterator[bytes]
    at_most: int | None


class Form:
    """The form in the body of this request; one of its fields is a file.

    Call `file()`, read all of its chunks, then call `rest()`. Fields may come before or after the
    file. Raises Problem 400 `invalid_body` if the form is malformed or incomplete, 413 if its
    fields are too long, and 422 if there is no file or more than one.
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
        self._delimiter = b"--" + self._boundary
        self._body = request_body.arriving()
        self._read = 0
        self._events = self._decoded()
        self._fields: dict[str, str] = {}
        self._bytes_of_fields = 0

    def file(self) -> UploadedFile:
        """The file; the fields before it have been read by then."""
        for event in self._events:
            if isinstance(event, Field):
                self._read_field(event)
            elif isinstance(event, File):
                if event.name != self._file_field:
                    raise invalid_input((_shown(event.name), "This field takes no file."))
                return UploadedFile(event.filename, self._chunks(), self._left())
        raise invalid_input((self._file_field, "Missing: send the file in this field."))

    def rest(self) -> dict[str, str]:
        """All fields by name, after the file has been read."""
        for event in self._events:
            if isinstance(event, Field):
                self._read_field(event)
            elif isinstance(event, File):
                raise invalid_input((_shown(event.name), "Send one file at a time."))
        return self._fields

    def _chunks(self) -> Iterator[bytes]:
        for event in self._events:
            if isinstance(event, Data):
                if event.data:
                    yield bytes(event.data)
                if not event.more_data:
                    return
                yield from self._passed()

    def _passed(self) -> Iterator[bytes]:
        """The bytes of the part up to the next ones that may belong to a boundary: those go to the
        decoder, with what follows. Each chunk is held until the next one has been seen, so that
        none is copied."""
        held = bytes(self._decoder.buffer)
        self._decoder.buffer.clear()
        # As much of a boundary, with the line break before it, as there can be without its end.
        most = len(self._delimiter) + 1
        while chunk := next(self._body, b""):
            self._read += len(chunk)
            seam = held[-most:] + chunk[:most]
            if self._delimiter in seam or self._delimiter in chunk or len(chunk) <= most:
                held += chunk
                break
            if held:
                yield held
            held = chunk
        found = held.find(self._delimiter)
        safe = max(found - len(b"\r\n") if found >= 0 else len(held) - most, 0)
        if safe:
            yield held[:safe]
        if held:
            self._decoder.receive_data(held[safe:])

    def _left(self) -> int | None:
        """How many bytes the part that begins here has, if it is the last part."""
        if request.content_length is None:
            return None
        behind = len(b"\r\n--" + self._boundary + b"--")
        return max(request.content_length - self._read + len(self._decoder.buffer) - behind, 0)

    def _decoded(self) -> Iterator[Event]:
        # Of the last boundary all but its last character: the decoder would take the line break
        # before it for content.
        cut_off = self._delimiter + b"-"
        while True:
            try:
                is_cut = self._decoder.buffer.endswith(cut_off) and not self._decoder.complete
                event = NEED_DATA if is_cut else self._decoder.next_event()
                if isinstance(event, NeedData):
                    chunk = next(self._body, b"")
                    self._read += len(chunk)
                    self._decoder.receive_data(chunk or None)
                    continue
            except RequestEntityTooLarge:
                raise invalid_input(("body", f"Has more than {_MOST_FIELDS} fields.")) from None
            except ValueError:
                raise _broken() from None
            if isinstance(event, Epilogue):
                return
            yield event

    def _read_field(self, field: Field) -> None:
        name = _shown(field.name)
        if name in self._fields:
            raise invalid_input((name, "Was given twice."))
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


def _broken() -> Problem:
    return Problem(
        400,
        "invalid_body",
        "The body is not a complete form in multipart/form-data.",
        headers={"Connection": "close"},
    )


def _shown(name: str | None) -> str:
    """A field's name, safe to repeat in a response."""
    return (name or "").replace("\0", "\ufffd")[:100]
