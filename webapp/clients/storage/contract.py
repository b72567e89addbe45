"""What every object store guarantees.

An object is bytes under a key, written once and whole: no part of it can be read before it is
complete, and it never changes later. What a store does not know (who owns an object, whether it is
still wanted) is in the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

# Bytes read or written at once: only a few of these are ever in memory.
CHUNK: Final = 256 * 1024

_LONGEST_KEY: Final = 300
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")


class StorageError(Failure):
    """The store did not do as asked."""


class NoObject(StorageError):
    """There is nothing under the key. Permanent: a key is never used twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no object {key}.", permanent=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in a listing."""

    key: str
    bytes: int
    stored_at: datetime


class Store(Protocol):
    """An object store. Thread-safe; it connects at its first use, so it can be created before a
    fork. Every method raises StorageError if the store does not answer, and ValueError for an
    invalid key."""

    @property
    def is_shared(self) -> bool:
        """Whether processes on other machines see the same objects."""
        ...

    def prepare(self) -> None:
        """Create what the store needs. Calling it again does nothing."""
        ...

    def check(self) -> None:
        """Return if the store answers and can be written to."""
        ...

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store the bytes under `key`; once this returns they survive a power cut. An exception
        from `chunks` is passed on, and then nothing is stored."""
        ...

    def copy(self, key: str, to: str) -> None:
        """Store the same bytes under another key. Raises NoObject. What happens to `key` later does
        not change the copy."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `end`, in chunks. Raises NoObject at the
        first one."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The object as a file with a descriptor, to be closed by the caller. Raises NoObject.

        It can be passed to another process; an object that is not on this machine is copied here
        first.
        """
        ...

    def size(self, key: str) -> int | None:
        """The number of bytes under `key`; None if there is nothing."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects. Missing ones are not an error."""
        ...

    def objects(self, after: str = "") -> Iterator[Stored]:
        """Every object whose key comes after `after`, in key order."""
        ...

    def tidy(self, older_than: timedelta) -> int:
        """Remove what interrupted puts left behind; return how many."""
        ...

    def upload_url(self, key: str, seconds: int) -> str | None:
        """An address to which somebody may PUT the object for a limited time; None if the store has
        no address of its own."""
        ...

    def download_url(self, key: str, seconds: int) -> str | None:
        """An address from which somebody may GET the object for a limited time; None likewise."""
        ...


def checked(key: str) -> str:
    """The key, if it is valid: parts of a-z, 0-9, '.', '_' and '-', each beginning with a letter or
    digit, separated by slashes. So it cannot lead outside the store. Raises ValueError."""
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"{key[:_LONGEST_KEY]!r} is not a valid object key")
    return key
