"""Reads Outlook's messages (MSG): an OLE file with a stream for each property."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from webapp.parsing.charset import decode
from webapp.parsing.documents import html, rtf
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.ole import OleFile
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from webapp.parsing.documents.ole import Entry

# Properties, by their numbers in Outlook's documentation.
_SUBJECT, _BODY, _HTML, _RTF, _HEADERS = 0x0037, 0x1000, 0x1013, 0x1009, 0x007D
_SENDER, _SENDER_ADDRESS, _TO, _CC = 0x0C1A, 0x0C1F, 0x0E04, 0x0E03
_SENT, _CODE_PAGE = 0x0039, 0x3FFD
_NAME, _ADDRESS, _SMTP_ADDRESS = 0x3001, 0x3003, 0x39FE
_DATA, _LONG_NAME, _SHORT_NAME = 0x3701, 0x3707, 0x3704
_BINARY, _OBJECT, _UNICODE, _ANSI = 0x0102, 0x000D, 0x001F, 0x001E
_LARGEST = 64 << 20
_MOST_RECIPIENTS = 500
# The initial dictionary of compressed RTF.
_RTF_BEGINNING = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def read(source: Source, reading: Reading) -> Metadata:
    try:
        file = OleFile(source.open())
    except ValueError as error:
        raise DocumentError("damaged") from error
    if not file.entries:
        raise DocumentError("damaged")
    message = _Properties(file, file.entries[0], reading)
    return _read_message(message, reading)


def _read_message(message: _Properties, reading: Reading) -> Metadata:
    sender = _person(message.text(_SENDER), message.text(_SENDER_ADDRESS))
    storages = message.storages()
    people = [
        _Properties(message.file, storage, reading, message.charset)
        for name, storage in storages.items()
        if name.startswith("__recip")
    ][:_MOST_RECIPIENTS]
    recipients = [
        _person(each.text(_NAME), each.text(_SMTP_ADDRESS) or each.text(_ADDRESS))
        for each in people
    ] or [message.text(_TO), message.text(_CC)]
    sent = message.moment(_SENT)
    said = {
        "Subject": message.text(_SUBJECT),
        "From": sender,
        "To": ", ".join(filter(None, recipients)),
        "Date": sent.isoformat(" ") if sent else "",
    }
    heads = "\n".join(f"{name}: {value}" for name, value in said.items() if value)
    reading.page("\n\n".join(filter(None, [heads, _body(message).strip()])), of=1)
    for name, storage in storages.items():
        if name.startswith("__attach"):
            _attach(_Properties(message.file, storage, reading, message.charset), reading)
    return Metadata.of(said["Subject"], sender, created=sent)


class _Properties:
    """The properties of a message, a recipient or an attachment."""

    def __init__(
        self, file: OleFile, storage: Entry, reading: Reading, charset: str | None = None
    ) -> None:
        self.file = file
        self._reading = reading
        self._entries = file.children(storage)
        self._fixed = self._read_fixed()
        page = self._fixed.get(_CODE_PAGE)
        self.charset = f"cp{struct.unpack('<I', page[:4])[0]}" if page else charset

    def storages(self) -> dict[str, Entry]:
        return {name: each for name, each in sorted(self._entries.items()) if each.is_storage}

    def inner(self, number: int) -> Entry | None:
        """A storage that is the value of a property."""
        found = self._entries.get(f"__substg1.0_{number:04X}{_OBJECT:04X}")
        return found if found is not None and found.is_storage else None

    def binary(self, number: int, kind: int = _BINARY) -> bytes | None:
        entry = self._entries.get(f"__substg1.0_{number:04X}{kind:04X}")
        if entry is None or entry.is_storage:
            return None
        data = self.file.read(entry, _LARGEST)
        self._reading.inflate(len(data))
        return data

    def text(self, number: int) -> str:
        if (data := self.binary(number, _UNICODE)) is not None:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        if (data := self.binary(number, _ANSI)) is not None:
            return decode(data.rstrip(b"\0"), self.charset)
        return ""

    def moment(self, number: int) -> datetime | None:
        """A time, counted in tenths of microseconds since 1601."""
        if not (value := self._fixed.get(number)):
            return None
        try:
            ticks = struct.unpack("<Q", value)[0]
            return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        except (struct.error, OverflowError):
            return None

    def _read_fixed(self) -> dict[int, bytes]:
        """Properties of a fixed size: records of 16 bytes, after a head of 32, 24 or 8."""
        entry = self._entries.get("__properties_version1.0")
        data = self.file.read(entry, 1 << 16) if entry is not None else b""
        start = len(data) % 16 or (32 if len(data) >= 32 else 0)
        start = 24 if start == 8 and data[:8] == bytes(8) else start
        return {
            struct.unpack_from("<H", data, at + 2)[0]: data[at + 8 : at + 16]
            for at in range(start, len(data) - 15, 16)
        }


def _person(name: str, address: str) -> str:
    if address and "@" in address and address != name:
        return f"{name} <{address}>" if name else address
    return name or address


def _body(message: _Properties) -> str:
    if text := message.text(_BODY):
        return text
    if data := message.binary(_HTML) or message.binary(_HTML, _UNICODE):
        return html.text_of(data, message.charset)[0]
    if packed := message.binary(_RTF):
        inner = Reading()
        try:
            rtf.read(Source(_unpacked(packed)), inner)
        except DocumentError:
            return ""
        # Outlook stores an HTML body in RTF, its tags as hidden text.
        text = "\n".join(page.text for page in inner.pages)
        return (
            html.text_of(text.encode())[0]
            if re.match(r"\s*<(!|html)", text, re.IGNORECASE)
            else text
        )
    return ""


def _attach(attachment: _Properties, reading: Reading) -> None:
    name = attachment.text(_LONG_NAME) or attachment.text(_SHORT_NAME) or attachment.text(_NAME)
    if (data := attachment.binary(_DATA)) is not None:
        reading.attach(name, data)
    elif (storage := attachment.inner(_DATA)) is not None:  # an embedded message

        def read_inner(inner: Reading) -> None:
            _read_message(_Properties(attachment.file, storage, inner), inner)

        reading.enclose(name or "message.msg", "application/vnd.ms-outlook", 0, read_inner)


def _unpacked(packed: bytes) -> bytes:
    """Decompressed RTF: Outlook's format has runs that refer to the last 4,096 bytes."""
    if len(packed) < 16:
        return b""
    size, kind = struct.unpack_from("<I4s", packed, 4)
    if kind == b"MELA":
        return packed[16:]
    if kind != b"LZFu":
        return b""
    out = bytearray(_RTF_BEGINNING)
    start = len(out)
    most = min(size, _LARGEST) + start
    at = 16
    while at < len(packed) and len(out) < most:
        flags = packed[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += packed[at : at + 1]
                at += 1
                continue
            if at + 2 > len(packed):
                return bytes(out[start:])
            reference = int.from_bytes(packed[at : at + 2], "big")
            at += 2
            # The position in a ring of 4,096 bytes, whose beginning is prefilled.
            offset, length = reference >> 4, (reference & 15) + 2
            if offset == len(out) % 4096:
                return bytes(out[start:most])
            back = (len(out) - offset) % 4096
            for _ in range(length):
                out.append(out[-back] if back <= len(out) else 0x20)
    return bytes(out[start:most])
