"""Unwraps a file that old Office versions wrapped in an OLE stream before embedding it."""

from __future__ import annotations

import struct

from webapp.parsing.documents.ole import OleFile
from webapp.parsing.documents.source import Source

_STREAMS = ("\x01Ole10Native", "Package", "CONTENTS")


def unwrap(data: bytes) -> tuple[str, bytes] | None:
    """The name and bytes of the file in an OLE object; None if there is none. The name is empty if
    the object does not have it."""
    try:
        file = OleFile(Source(data).open())
    except ValueError:
        return None
    entries = {entry.name: entry for entry in file.entries if not entry.is_storage}
    for name in _STREAMS:
        if name in entries:
            stream = file.read(entries[name], len(data))
            return _native(stream) if name == _STREAMS[0] else ("", stream)
    return None


def _native(stream: bytes) -> tuple[str, bytes] | None:
    """A label, the path it had and a temporary one, each ended by a zero, then the file."""
    try:
        label, rest = stream[6:].split(b"\0", 1)
        _, rest = rest.split(b"\0", 1)
        (length,) = struct.unpack_from("<I", rest, 4)
        (size,) = struct.unpack_from("<I", rest, 8 + length)
    except (ValueError, struct.error):
        return None
    name = label.decode("cp1252", "replace").replace("\\", "/").rpartition("/")[2]
    return name, rest[12 + length : 12 + length + size]
