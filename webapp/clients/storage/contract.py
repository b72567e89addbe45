"""What every store of objects promises.

An object is bytes under a key, written once and whole: there is no moment at which a part of it can
be read, and none of it is changed later. What a store does not know (who owns an object, whether it
is still wanted) is in the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

# Bytes that are read or written at once: a few of these are all that is ever in memory.
CHUNK: Final = 256 * 1024

_LONGEST_KEY: Final = 300
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")


class StorageError(Failure):
    """The store did not do as asked."""


class NoObject(StorageError):
    """There is nothing under the key. Permanent: nothing is stored under a key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no object {key}.", permanent=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as a listing tells of it."""

    key: str
    bytes: int
    stored_at: datetime


class Store(Protocol):
    """A store of objects. Safe to share between threads; it connects at its first use, so it may be
    made before a fork. Every method raises StorageError where the store does not answer, and
    ValueError for what is no key."""

    @property
    def is_shared(self) -> bool:
        """Whether processes on other machines find the same objects in it."""
        ...

    def prepare(self) -> None:
        """Make what the store needs to begin with. Doing it again does nothing."""
        ...

    def check(self) -> None:
        """Return where the store answers, and is ready to be written to."""
        ...

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Keep the bytes under `key`; once this returns they survive a power cut. Whatever `chunks`
        raises goes through, and then nothing is kept."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `end`, in chunks. Raises NoObject at the
        first one."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The object as a file that has a descriptor, to be closed by the caller. Raises NoObject.

        It can be handed to another process; what is not on this machine is copied here first.
        """
        ...

    def size(self, key: str) -> int | None:
        """How many bytes are under `key`; None where there is nothing."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects. Those that are not there are no error."""
        ...

    def objects(self, after: str = "") -> Iterator[Stored]:
        """Every object whose key comes after `after`, in the order of their keys."""
        ...

    def tidy(self, older_than: timedelta) -> int:
        """Remove what puts that were cut short have left behind; how many there were."""
        ...

    def upload_url(self, key: str, seconds: int) -> str | None:
        """An address to which somebody may PUT the object for so long; None where the store has no
        address of its own."""
        ...

    def download_url(self, key: str, seconds: int) -> str | None:
        """An address from which somebody may GET the object for so long; None likewise."""
        ...


def checked(key: str) -> str:
    """The key, if it is one: parts of a-z, 0-9, '.', '_' and '-', each beginning with a letter or
    digit, parted by slashes. So it leads nowhere but into the store. Raises ValueError."""
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"{key[:_LONGEST_KEY]!r} is not a valid object key")
    return key
