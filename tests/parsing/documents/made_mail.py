"""Small mails: Outlook's messages, in an OLE file written out by hand."""

from __future__ import annotations

import itertools
import struct
from datetime import UTC, datetime, timedelta

Tree = dict[str, "bytes | Tree"]
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def ole(tree: Tree) -> bytes:
    """An OLE file of storages and streams; every stream has its own sectors."""
    sectors: list[bytes] = []
    following: list[int] = []

    def put(data: bytes) -> int:
        """Append a chain of sectors; returns the number of the first one."""
        if not data:
            return _END
        first = len(sectors)
        count = -(-len(data) // 512)
        for number in range(count):
            sectors.append(data[number * 512 : number * 512 + 512].ljust(512, b"\0"))
            following.append(first + number + 1 if number + 1 < count else _END)
        return first

    entries: list[bytes] = [b""]

    def add(inner: Tree) -> int:
        """Append a storage's entries, each to the right of the one before; returns the first."""
        numbers = []
        for name, content in inner.items():
            numbers.append(len(entries))
            entries.append(b"")
            if isinstance(content, bytes):
                entries[numbers[-1]] = _entry(name, 2, _FREE, put(content), len(content))
            else:
                entries[numbers[-1]] = _entry(name, 1, add(content), 0, 0)
        for number, right in itertools.pairwise(numbers):
            entry = entries[number]
            entries[number] = entry[:72] + struct.pack("<I", right) + entry[76:]
        return numbers[0] if numbers else _FREE

    entries[0] = _entry("Root Entry", 5, add(tree), _END, 0)
    directory = put(b"".join(entries))
    # The table that says which sector follows which is itself in sectors, which it lists too.
    size = -(-(len(sectors) + 1) // 127)
    table_at = len(sectors)
    following += [_FAT] * size
    table = struct.pack(f"<{len(following)}I", *following).ljust(size * 512, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIIII", 0, size, directory, 0, 0, _END, 0, _END, 0, table_at)
    header += struct.pack("<108I", *range(table_at + 1, table_at + size), *[_FREE] * (109 - size))
    return header + b"".join(sectors) + table


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    return (
        written.ljust(64, b"\0")
        + struct.pack("<HBB", len(written), kind, 1)
        + struct.pack("<III", _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<III", start, size, 0)
    )


def message(texts: dict[int, str], **more: bytes | Tree) -> Tree:
    """The properties of an Outlook message, a recipient or an attachment, by number."""
    since = datetime(2024, 3, 1, 10, 11, 12, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)
    sent = (since // timedelta(microseconds=1) * 10).to_bytes(8, "little")
    fixed = bytes(32) + struct.pack("<HHI", 0x0040, 0x0039, 6) + sent
    return {
        "__properties_version1.0": fixed,
        **{f"__substg1.0_{n:04X}001F": text.encode("utf-16-le") for n, text in texts.items()},
        **more,
    }
