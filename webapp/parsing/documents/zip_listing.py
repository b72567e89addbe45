"""The contents of a zip, from its directory alone, to detect the file's type.

Limited whatever the directory says: this runs on untrusted input, outside a restricted child.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

_MOST_PARTS = 5_000
_MOST_OF_A_DIRECTORY = 1 << 20  # bytes
_MOST_OF_A_PART = 1 << 18  # bytes, inflated
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_COMMENT = 66_000  # bytes from the end within which a zip's end record begins


@dataclass(frozen=True, slots=True)
class ZipListing:
    """A zip's parts and their positions; of a truncated one, those at its start."""

    file: BinaryIO
    offsets: dict[str, int]

    def part(self, name: str) -> bytes:
        """The beginning of a part; empty if there is none, or it cannot be read."""
        if (offset := self.offsets.get(name)) is None:
            return b""
        self.file.seek(offset)
        packed = self.file.read(_MOST_OF_A_PART)
        if len(packed) < 30 or packed[:4] != _LOCAL:
            return b""
        (method,) = struct.unpack_from("<H", packed, 8)
        size, _, name_length, extra_length = struct.unpack_from("<IIHH", packed, 18)
        body = packed[30 + name_length + extra_length :]
        if method == 0:
            return body[:size]
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, _MOST_OF_A_PART)
        except zlib.error:
            return b""


def list_zip(file: BinaryIO) -> ZipListing:
    """The parts from the zip's directory, or from the headers at its start if it has none."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _COMMENT)
    file.seek(tail_at)
    tail = file.read(_COMMENT)
    at = tail.rfind(_END)
    found: dict[str, int] = {}
    if 0 <= at <= len(tail) - 22:
        length, start = struct.unpack_from("<II", tail, at + 12)
        # Data in front of the zip, as in self-extracting ones, shifts all of its offsets.
        moved = max(0, tail_at + at - length - start) if start + length <= size else 0
        file.seek(min(size, start + moved))
        found = _central(file.read(min(length, _MOST_OF_A_DIRECTORY)), moved)
    if not found:
        file.seek(0)
        found = _local(file.read(_MOST_OF_A_DIRECTORY))
    return ZipListing(file, found)


def _central(directory: bytes, moved: int) -> dict[str, int]:
    found: dict[str, int] = {}
    at = 0
    while directory[at : at + 4] == _CENTRAL and len(directory) >= at + 46:
        lengths = struct.unpack_from("<HHH", directory, at + 28)
        offset = struct.unpack_from("<I", directory, at + 42)[0]
        name = directory[at + 46 : at + 46 + lengths[0]].decode("utf-8", "replace")
        found.setdefault(name, offset + moved)
        if len(found) >= _MOST_PARTS:
            break
        at += 46 + sum(lengths)
    return found


def _local(head: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    for header in re.finditer(re.escape(_LOCAL), head):
        at = header.start()
        if len(head) < at + 30 or len(found) >= _MOST_PARTS:
            break
        length = struct.unpack_from("<H", head, at + 26)[0]
        found.setdefault(head[at + 30 : at + 30 + length].decode("utf-8", "replace"), at)
    return found
