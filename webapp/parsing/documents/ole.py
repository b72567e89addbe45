"""OLE compound files: the storages and streams in which Word 97, Excel 97 and Outlook keep things.

A small file system: sectors, a table that says which sector follows which, and a directory whose
entries form a tree. Bounded whatever the file says, so it may run outside a limited child too.
"""

import functools
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_MOST_ENTRIES = 8_192
_NONE = 0xFFFFFFFA  # sector numbers from here on are markers, not positions
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A directory entry: a stream, or a storage that contains others."""

    name: str
    is_storage: bool
    start: int
    size: int
    left: int
    right: int
    child: int


class OleFile:
    """An open OLE file. Truncated or invalid parts are missing, without an error, but a header that
    is not an OLE file's raises ValueError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        header = file.read(512)
        if len(header) < 512 or not header.startswith(SIGNATURE):
            raise ValueError("no OLE file")
        shift, mini_shift = struct.unpack_from("<HH", header, 30)
        if shift not in {9, 12} or mini_shift != 6:
            raise ValueError("sectors of an unknown size")
        self._size = 1 << shift
        self._sectors = max(0, file.seek(0, 2) // self._size)
        self._following = self._table(header)
        directory, _, self._cutoff, self._mini_start = struct.unpack_from("<IIII", header, 48)
        self.entries = list(self._entries(directory))

    def children(self, storage: Entry) -> dict[str, Entry]:
        """The contents of a storage, by name."""
        found: dict[str, Entry] = {}
        seen: set[int] = set()
        waiting = [storage.child]
        while waiting:
            number = waiting.pop()
            if number >= len(self.entries) or number in seen:
                continue
            seen.add(number)
            entry = self.entries[number]
            found.setdefault(entry.name, entry)
            waiting += [entry.left, entry.right]
        return found

    def read(self, entry: Entry, most: int) -> bytes:
        """At most `most` bytes of a stream."""
        size = min(entry.size, most)
        if entry.size >= self._cutoff:
            return self._chain(entry.start, size)
        stream, following = self._mini
        parts = bytearray()
        sector = entry.start
        while len(parts) < size and sector < len(following):
            block = stream[sector * 64 : sector * 64 + 64]
            if not block:
                break
            parts += block
            sector = following[sector]
        return bytes(parts[:size])

    @functools.cached_property
    def _mini(self) -> "tuple[bytes, array[int]]":
        """The stream that contains the small ones, and its sector chain."""
        root = self.entries[0] if self.entries else None
        table = self._chain(self._mini_start, self._sectors * self._size)
        return (self._chain(root.start, root.size) if root else b"", _numbers(table))

    def _table(self, header: bytes) -> "array[int]":
        """The sector table, from the sectors that the header and its extension name."""
        tables = list(struct.unpack_from("<109I", header, 76))
        extension, count = struct.unpack_from("<II", header, 68)
        each = self._size // 4
        for _ in range(min(count, self._sectors // each + 1)):
            block = self._sector(extension)
            if len(block) < self._size:
                break
            *more, extension = struct.unpack(f"<{each}I", block)
            tables += more
        following = bytearray()
        # More than the file has sectors would be meaningless.
        for number in tables[: self._sectors // each + 1]:
            if number >= _NONE:
                break
            following += self._sector(number).ljust(self._size, b"\xff")
        return _numbers(bytes(following))

    def _chain(self, sector: int, most: int) -> bytes:
        """At most `most` bytes of a chain of sectors, and no more than the file has."""
        most = min(most, self._sectors * self._size)
        parts = bytearray()
        while len(parts) < most and sector < len(self._following):
            block = self._sector(sector)
            if not block:
                break
            parts += block
            sector = self._following[sector]
        return bytes(parts[:most])

    def _sector(self, number: int) -> bytes:
        if number >= self._sectors:
            return b""
        self._file.seek((number + 1) * self._size)
        return self._file.read(self._size)

    def _entries(self, sector: int) -> Iterator[Entry]:
        directory = self._chain(sector, _MOST_ENTRIES * 128)
        for at in range(0, len(directory) - 127, 128):
            name_length, kind = struct.unpack_from("<HB", directory, at + 64)
            left, right, child = struct.unpack_from("<III", directory, at + 68)
            start, size = struct.unpack_from("<II", directory, at + 116)
            name = directory[at : at + max(0, min(name_length, 64) - 2)]
            yield Entry(
                name.decode("utf-16-le", "replace"),
                kind in {_STORAGE, _ROOT},
                start,
                size if kind in {_STREAM, _ROOT} else 0,
                left,
                right,
                child,
            )


def _numbers(table: bytes) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(table[: len(table) // 4 * 4])
    return numbers
