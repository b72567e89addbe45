"""What libraries write to a file, as pieces to be sent."""

from __future__ import annotations

import io
from typing import Any


class Pieces(io.RawIOBase):
    """A file that can only be written to; what was written is taken from it piece by piece."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
