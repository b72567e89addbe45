"""What every drive does, and how it fails.

A drive is a tree of folders and files somewhere else. Paths come from listings and are passed back
unchanged; "" is the topmost folder. On most drives a path is made of names; on one whose names are
not unique, it is an id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

# Bytes read or sent at once: only a few of these are ever in memory.
CHUNK: Final = 256 * 1024
MOST_PATH: Final = 2_000  # characters
MOST_NAME: Final = 255  # characters

Code = Literal[
    "address",  # the address is not one that Coffer calls
    "unavailable",  # not reached, late or busy: the only one that a retry may help
    "credentials",  # the user name, password or token is not accepted (any more)
    "not_found",  # there is no such file or folder
    "refused",  # the drive does not allow it
    "full",  # no space is left on the drive
    "exists",  # another file has the name
    "too_large",  # more than Coffer accepts
    "invalid_path",  # no path of this drive
    "invalid_answer",  # it does not answer as such a drive does
]


class DriveError(Failure):
    """The drive did not do as asked. The message is for the user, and contains no secret."""

    def __init__(self, message: str, *, code: Code, retry_after: float | None = None) -> None:
        super().__init__(message, permanent=code != "unavailable", retry_after=retry_after)
        self.code: Code = code


class AccessLost(DriveError):
    """The drive does not accept the credentials (any more): nothing works until the user gives new
    ones."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="credentials")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder. `id` stays the same when the content changes, `etag` does not; it is empty
    if the drive does not tell. `bytes` is None for folders, and for what has a size only once it is
    fetched."""

    path: str
    name: str
    is_folder: bool
    id: str
    etag: str = ""
    bytes: int | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of a folder, and what to pass to get the next one; None at the end."""

    entries: list[Entry]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is being fetched: its name, its size if it is known, and its bytes, which may be
    more than announced. Reading them raises DriveError."""

    name: str
    chunks: Iterator[bytes]
    bytes: int | None


class Folders(Protocol):
    """What drives and mailboxes have in common: folders of one user's. Connects with its first
    call. Every method raises DriveError, and AccessLost if the credentials are not accepted."""

    def check(self) -> None:
        """Return if the credentials are accepted and the topmost folder can be listed."""
        ...

    def list_folder(self, path: str, *, limit: int, cursor: str | None = None) -> Listing:
        """At most `limit` entries (1 to 1000) of a folder, after those of the listing that gave the
        cursor. What can be neither opened nor fetched is left out."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Drive(Folders, Protocol):
    """One user's access to one drive. Thread-safe."""

    def open(self, path: str) -> AbstractContextManager[Download]:
        """A file, to be read within the block."""
        ...

    def find(self, folder: str, name: str) -> Entry | None:
        """What has this name in a folder; None if nothing has."""
        ...

    def upload(
        self, folder: str, name: str, length: int, chunks: Iterable[bytes], *, key: str
    ) -> Entry:
        """A new file of `length` bytes in a folder. It never has its name before it is whole.

        `key`, of a-z, 0-9 and '-', is the same for every attempt at the same upload, and for no
        other. Raises DriveError `exists` if something has the name, on drives whose names are
        unique; what `chunks` raises is passed on.
        """
        ...


def segments_of(path: str) -> list[str]:
    """The names in a path that is made of names. Raises DriveError `invalid_path` for one that
    could lead somewhere else."""
    if not path:
        return []
    names = path.split("/")
    if len(path) > MOST_PATH or not all(map(is_name, names)):
        raise DriveError("This is not a valid path of the drive.", code="invalid_path")
    return names


def is_name(name: str) -> bool:
    """Whether a name is that of one file or folder: no separator, no step upwards, no control
    character."""
    return (
        0 < len(name) <= MOST_NAME
        and name not in (".", "..")
        and "/" not in name
        and name.isprintable()
    )
