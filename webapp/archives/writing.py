"""Writes an archive as a stream: the rows of one moment, and then the files of documents.

All rows are read in one transaction, so they are of the same moment. It ends before the first file
is read, because a transaction that stays open for gigabytes would keep the database from tidying
up. A file in the store never changes; one that was purged meanwhile is named as missing.
"""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import orjson
import psycopg

from sql import queries
from webapp.archives.order import PARTS
from webapp.archives.part import asked
from webapp.archives.reading import FORMAT, MANIFEST, VERSION
from webapp.clients.storage.contract import NoObject
from webapp.exporting.archive import File, zipped
from webapp.exporting.exported_rows import ExportedRows
from webapp.version import VERSION as COFFER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator
    from uuid import UUID

    from sql import Query
    from sql.connection import Connection
    from webapp.archives.part import Part
    from webapp.clients.storage.contract import Store

    Row = dict[str, Any]

_FILES: Final = 500
# A text may have 16 megabytes.
_TEXTS: Final = 4
# Files of these kinds are compressed in themselves.
_PACKED: Final = frozenset({"pdf", "image", "book", "sheet", "slides"})


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose archive it is: of a workspace, as a member sees it who has these permissions."""

    workspace_id: UUID
    user_id: UUID
    permissions: Collection[str]

    @property
    def parameters(self) -> dict[str, UUID]:
        """The workspace and the user, as queries want them."""
        return {"workspace_id": self.workspace_id, "user_id": self.user_id}


@dataclass(slots=True)
class Writing:
    """An archive on its way. `parts` and `missing` grow as the pieces are taken, and `report` is
    told what is being written."""

    conn: Connection
    store: Store
    whose: Whose
    report: Callable[[str], None]
    parts: dict[str, Row] = field(default_factory=dict)
    missing: list[Row] = field(default_factory=list)
    files: int = 0

    def pieces(self) -> Generator[bytes]:
        """The bytes of the archive. Raises psycopg.Error and StorageError."""
        with closing(self._all()) as files:
            yield from zipped(files)

    def counts(self) -> dict[str, int]:
        """How many of each kind are in it."""
        return {name: part["count"] for name, part in self.parts.items()} | {"files": self.files}

    def _all(self) -> Generator[File]:
        with TemporaryFile() as listed:
            with _moment(self.conn):
                for part in PARTS:
                    if part.permission is None or part.permission in self.whose.permissions:
                        yield self._part(part)
                if "workspace:items:read" in self.whose.permissions:
                    yield File("bookmarks.html", self._bookmarks())
                if "workspace:documents:read" in self.whose.permissions:
                    yield from self._texts()
                    self._list_files(listed)
            listed.seek(0)
            yield from self._files(listed)
        yield File(MANIFEST, [self._manifest()])

    def _part(self, part: Part) -> File:
        def lines() -> Iterator[bytes]:
            count, length, digest = 0, 0, hashlib.sha256()
            for rows in self._batches(part.read, part.batch):
                piece = b"".join(row["line"].encode() + b"\n" for row in rows)
                count, length = count + len(rows), length + len(piece)
                digest.update(piece)
                yield piece
                self.report(f"{count} {part.name.replace('_', ' ')}")
            self.parts[part.name] = {
                "file": part.file,
                "count": count,
                "bytes": length,
                "sha256": digest.hexdigest(),
            }

        return File(part.file, lines(), is_large=True)

    def _bookmarks(self) -> Iterator[bytes]:
        rows = ExportedRows(lambda: nullcontext(self.conn))
        for piece in rows.bookmarks(self.whose.workspace_id):
            yield piece.encode()

    def _texts(self) -> Iterator[File]:
        for rows in self._batches(queries.archived_documents.texts, _TEXTS):
            for row in rows:
                yield File(row["name"], [row["text"].encode()])
            self.report("texts of documents")

    def _list_files(self, into: BinaryIO) -> None:
        """Note the files of the documents on disk, for when the moment has passed."""
        for rows in self._batches(queries.archived_documents.files, _FILES):
            into.writelines(orjson.dumps(row) + b"\n" for row in rows)

    def _files(self, listed: Iterable[bytes]) -> Iterator[File]:
        for line in listed:
            file = orjson.loads(line)
            chunks = self.store.read(file["key"])
            try:
                first = next(chunks, b"")
            except NoObject:
                self.missing.append({"file": file["name"], "reason": "It was removed meanwhile."})
                continue
            self.files += 1
            pieces = self._checked(file, chain([first], chunks))
            yield File(file["name"], pieces, file["kind"] in _PACKED, is_large=True)

    def _checked(self, file: Row, chunks: Iterator[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            yield chunk
            self.report(f"{self.files} files")
        if digest.hexdigest() != file["sha256"]:
            self.missing.append(
                {"file": file["name"], "reason": "Its bytes in the store are damaged."}
            )

    def _batches(self, query: Query, size: int) -> Iterator[list[Row]]:
        after = None
        while True:
            rows = asked(query, self.conn, **self.whose.parameters, after=after, limit=size)
            if rows:
                yield rows
            if len(rows) < size:
                return
            after = rows[-1]["at"]

    def _manifest(self) -> bytes:
        return orjson.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "coffer": COFFER,
                "written_at": datetime.now(UTC),
                "parts": self.parts,
                "files": self.files,
                "missing": self.missing,
            },
            option=orjson.OPT_INDENT_2,
        )


@contextmanager
def _moment(conn: Connection) -> Iterator[None]:
    """A transaction in which everything is read as it is now."""
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only = True
    try:
        with conn.transaction():
            yield
    finally:
        if not conn.closed:
            conn.isolation_level = None
            conn.read_only = None
