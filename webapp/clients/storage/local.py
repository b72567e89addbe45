"""Objects as files on this machine, each under its key.

A file is written next to its place, synced, moved to its place, and the folder is synced too: what
has been put survives a power cut, and an interrupted put is never visible.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from uuid import uuid4

from webapp.clients.storage.contract import CHUNK, NoObject, StorageError, Stored, checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

# The name begins with a dot, which no part of a key does.
_UNFINISHED: Final = ".unfinished"


class LocalStore:
    """The store in a folder, created by `prepare`. Only this user can read it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"LocalStore({str(self._folder)!r})"

    @property
    def is_shared(self) -> bool:
        return False

    def prepare(self) -> None:
        try:
            for folder in (self._folder, self._folder / _UNFINISHED):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _trouble(error) from None

    def check(self) -> None:
        unfinished = self._folder / _UNFINISHED
        if not os.access(unfinished, os.W_OK | os.X_OK):
            raise StorageError(f"The folder of the store is not writable: {self._folder}.")

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        place = self._place(key)
        unfinished = self._folder / _UNFINISHED / str(uuid4())
        try:
            with self._create(unfinished) as file:
                for chunk in chunks:
                    try:
                        _write(file, chunk)
                    except OSError as error:
                        raise _trouble(error) from None
                try:
                    os.fsync(file.fileno())
                except OSError as error:
                    raise _trouble(error) from None
            try:
                self._move(unfinished, place)
            except OSError as error:
                raise _trouble(error) from None
        finally:
            unfinished.unlink(missing_ok=True)

    def copy(self, key: str, to: str) -> None:
        self.put(to, self.read(key))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        with self.open(key) as file:
            file.seek(start)
            left = None if end is None else end - start
            while chunk := file.read(CHUNK if left is None else min(CHUNK, left)):
                left = None if left is None else left - len(chunk)
                yield chunk

    def open(self, key: str) -> BinaryIO:
        try:
            return self._place(key).open("rb", buffering=0)
        except FileNotFoundError:
            raise NoObject(key) from None
        except OSError as error:
            raise _trouble(error) from None

    def size(self, key: str) -> int | None:
        try:
            return self._place(key).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble(error) from None

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            place = self._place(key)
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                raise _trouble(error) from None
            # Remove folders that are now empty; those where another object was added meanwhile
            # stay.
            with suppress(OSError):
                for folder in place.parents:
                    if folder == self._folder:
                        break
                    folder.rmdir()

    def objects(self, after: str = "") -> Iterator[Stored]:
        if not self._folder.is_dir():
            raise StorageError(f"The folder of the store does not exist: {self._folder}.")
        yield from self._below(self._folder, "", after)

    def tidy(self, older_than: timedelta) -> int:
        oldest = time.time() - older_than.total_seconds()
        removed = 0
        for unfinished in (self._folder / _UNFINISHED).iterdir():
            with suppress(FileNotFoundError):  # its put has just ended
                if unfinished.stat().st_mtime < oldest:
                    unfinished.unlink()
                    removed += 1
        return removed

    def upload_url(self, key: str, seconds: int) -> str | None:  # noqa: ARG002
        return None

    def download_url(self, key: str, seconds: int) -> str | None:  # noqa: ARG002
        return None

    def _place(self, key: str) -> Path:
        return self._folder / checked(key)

    def _create(self, path: Path) -> BinaryIO:
        try:
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", 0)
        except OSError as error:
            raise _trouble(error) from None

    def _move(self, unfinished: Path, place: Path) -> None:
        """Move the finished file to its place, and sync every folder on the way."""
        while True:
            new = [folder for folder in place.parents if not folder.exists()]
            try:
                for folder in reversed(new):
                    folder.mkdir(mode=0o700, exist_ok=True)
                unfinished.rename(place)
            except FileNotFoundError:
                if not unfinished.exists():
                    raise
                continue  # a delete removed the folder just before it was used
            break
        _to_disk(place.parent)
        for folder in new:
            _to_disk(folder.parent)

    def _below(self, folder: Path, beginning: str, after: str) -> Iterator[Stored]:
        """In key order: a folder's name counts with its trailing slash."""
        with suppress(FileNotFoundError):  # a delete took the folder away
            entries = [(each.name + "/" * each.is_dir(), each) for each in os.scandir(folder)]
            for name, entry in sorted(entries, key=lambda found: found[0]):
                key = beginning + name
                if name.startswith(".") or (key <= after and not after.startswith(key)):
                    continue
                if name.endswith("/"):
                    yield from self._below(Path(entry.path), key, after)
                elif key > after:
                    with suppress(FileNotFoundError):
                        found = entry.stat()
                        yield Stored(
                            key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)
                        )


def _write(file: BinaryIO, chunk: bytes) -> None:
    """Write all of a chunk: a disk that is nearly full takes a part of it without an error."""
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) :]


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _trouble(error: OSError) -> StorageError:
    return StorageError(f"The store's disk has a problem: {error.strerror}.")
