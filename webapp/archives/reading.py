"""Reads an archive that may be hostile: a ZIP from anybody, in bounded memory.

Nothing is written under a name from the archive, and nothing is read beyond the sizes that its
directory claims; these are added up first, so that a bomb is refused before it is opened.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import orjson

from webapp.archives.part import LONGEST_LINE
from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

MANIFEST: Final = "manifest.json"
FORMAT: Final = "coffer-archive"
# The format of archives: raised when what an older Coffer reads would be wrong.
VERSION: Final = 1

_CHUNK: Final = 1 << 16
_LONGEST_MANIFEST: Final = 1 << 20
# Bytes of a ZIP's directory: more than 100,000 files.
_LONGEST_DIRECTORY: Final = 16 << 20
# How many times an archive may be larger when it is unpacked, and what it may have besides.
_MOST_TIMES: Final = 40
_ANYWAY: Final = 256 << 20

_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    struct.error,
    ValueError,
    OverflowError,
)


class NotAnArchive(Failure):
    """A file that is no archive of Coffer, or that is not to be unpacked."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Damaged(ValueError):
    """A file in the archive ends early, or is not what the manifest says."""


class Line(NamedTuple):
    """A line of a file, counted from 1: a JSON object, or why it is none; and its bytes."""

    number: int
    row: Row | str
    length: int


class Archive:
    """An open archive. Raises NotAnArchive, also from `manifest`."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        _check_directory(file, length)
        try:
            self._zip = zipfile.ZipFile(file)
            entries = self._zip.infolist()
        except _BROKEN as error:
            raise NotAnArchive(f"The file is not a whole ZIP: {error}.") from None
        self._entries = {each.filename: each for each in entries}
        if len(self._entries) < len(entries):
            raise NotAnArchive("The archive has two files of the same name.")
        if any(each.flag_bits & 1 for each in entries):
            raise NotAnArchive("The archive is encrypted.")
        if sum(each.file_size for each in entries) > length * _MOST_TIMES + _ANYWAY:
            raise NotAnArchive(
                "Unpacked, the archive would be many times larger than it should be."
            )
        self.manifest = self._manifest()

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def file_bytes(self) -> int:
        """The bytes of all files of documents together, as the directory claims."""
        return sum(
            each.file_size
            for each in self._entries.values()
            if each.filename.startswith("documents/") and not each.filename.endswith("/text.txt")
        )

    def lines(self, name: str) -> Iterator[Line]:
        """The lines of a file.

        Raises Damaged after the last line that can be read.
        """
        digest = hashlib.sha256()
        for number, line in enumerate(_split(self._chunks(name, digest)), start=1):
            yield Line(number, _object(line), len(line or b""))
        said = self.part(name.removesuffix(".jsonl"))
        if said.get("sha256") != digest.hexdigest():
            raise Damaged(f"{name} is not as the manifest says.")

    def part(self, name: str) -> Row:
        """What the manifest says of a part."""
        parts = self.manifest.get("parts")
        found = parts.get(name) if isinstance(parts, dict) else None
        return found if isinstance(found, dict) else {}

    def bytes_of(self, name: str) -> Iterator[bytes]:
        """The bytes of a file. Raises Damaged."""
        return self._chunks(name, hashlib.sha256())

    def size_of(self, name: str) -> int:
        """How many bytes a file has at most."""
        return self._entries[name].file_size

    def _chunks(self, name: str, digest: Any) -> Iterator[bytes]:
        with _damage(name), self._zip.open(self._entries[name]) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                yield chunk

    def _manifest(self) -> Row:
        entry = self._entries.get(MANIFEST)
        if entry is None or entry.file_size > _LONGEST_MANIFEST:
            raise NotAnArchive("The file is not an archive of Coffer: it has no manifest.json.")
        try:
            found = orjson.loads(b"".join(self.bytes_of(MANIFEST)))
        except (Damaged, orjson.JSONDecodeError):
            raise NotAnArchive("The archive's manifest.json cannot be read.") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise NotAnArchive("The file is not an archive of Coffer.")
        if found.get("version") != VERSION:
            raise NotAnArchive("The archive was written by another version of Coffer than this.")
        return found


def _check_directory(file: BinaryIO, length: int) -> None:
    """Refuse a directory that would fill the memory, before it is read."""
    start = max(0, length - 66_000)
    file.seek(start)
    tail = file.read(66_000)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise NotAnArchive("The file is not a ZIP, or its end is missing.")
    (size,) = struct.unpack_from("<I", tail, at + 12)
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR:
        (place,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(place, length))
        record = file.read(56)
        if len(record) < 56 or record[:4] != _END_64:
            raise NotAnArchive("The file is not a whole ZIP.")
        (size,) = struct.unpack_from("<Q", record, 40)
    if size > _LONGEST_DIRECTORY:
        raise NotAnArchive("The archive has too many files.")
    file.seek(0)


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise Damaged(f"{name} is damaged: {error}.") from None


def _split(chunks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Lines without their ends; None for one that is too long."""
    begun = bytearray()
    is_long = False
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            begun += line
            yield None if is_long or len(begun) > LONGEST_LINE else bytes(begun)
            begun.clear()
            is_long = False
        begun += rest
        if len(begun) > LONGEST_LINE:
            begun.clear()
            is_long = True
    if begun or is_long:
        yield None if is_long else bytes(begun)


def _object(line: bytes | None) -> Row | str:
    if line is None:
        return "The line is too long."
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "The line is not JSON."
    return found if isinstance(found, dict) else "The line is not a JSON object."
