"""The bytes of a document: an open file, or bytes embedded in another document."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import WriteableBuffer


class Source:
    """A document's bytes, which can be read repeatedly and at any position.

    A descriptor is shared with others who read it at the same time, so its position is neither used
    nor changed.
    """

    def __init__(self, content: int | bytes) -> None:
        self._content = content
        self.size = len(content) if isinstance(content, bytes) else os.fstat(content).st_size

    def open(self) -> BinaryIO:
        """A file to read from, with its own position."""
        if isinstance(self._content, bytes):
            return io.BytesIO(self._content)
        return io.BufferedReader(_Descriptor(self._content, self.size))

    def read(self, most: int = -1) -> bytes:
        """The first bytes, or all of them."""
        with self.open() as file:
            return file.read(most)


class _Descriptor(io.RawIOBase):
    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        read = os.pread(self._descriptor, len(view), self._at)
        view[: len(read)] = read
        self._at += len(read)
        return len(read)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        beginning = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if beginning + offset < 0:
            raise OSError("before the beginning")
        self._at = beginning + offset
        return self._at
