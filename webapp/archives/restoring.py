"""Puts an archive back: part by part, a batch in a transaction, with how far it is.

A worker that is killed goes on behind the last batch, so each row is added once. What cannot be
taken is noted with its line and the reason.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.archives import files
from webapp.archives.order import PARTS
from webapp.archives.putting import Tally, put
from webapp.archives.reading import Archive, Damaged, Line, NotAnArchive

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.archives.naming import Target
    from webapp.archives.part import Part
    from webapp.clients.storage.contract import Store
    from webapp.filing.intake import Intake

    Row = dict[str, Any]

# Bytes of lines that are put together, about. A line may have more.
_BATCH_BYTES: Final = 1 << 20
# A manifest may claim anything.
_MOST: Final = 1 << 31


class Ended(Exception):
    """The import no longer needs to be done, or another worker does it."""


@dataclass(frozen=True, slots=True)
class Given:
    """An import to be done, as far as it is."""

    target: Target
    key: str
    length: int
    parts: dict[str, Row]
    permissions: Collection[str]


@dataclass(slots=True)
class Restoring:
    """An import of an archive on its way. `transaction` opens a short transaction; `report` is told
    how many lines were looked at, of how many, and in what."""

    given: Given
    store: Store
    intake: Intake
    transaction: Callable[[], AbstractContextManager[Connection]]
    report: Callable[[int, int, str], None]
    quota_bytes: int
    total: int = 0
    seen: int = 0

    def run(self) -> list[str]:
        """Do what is left to do; returns what is wrong with the archive, in sentences.

        Raises NotAnArchive if nothing of it can be taken, Ended, StorageError and psycopg.Error.
        """
        with self.store.open(self.given.key) as file:
            archive = Archive(io.BufferedReader(file), self.given.length)  # type: ignore[type-var]
            self.total = sum(_count(archive, part) for part in PARTS if part.add is not None)
            self.seen = sum(int(part["lines"]) for part in self.given.parts.values())
            self._begin(archive)
            return list(self._all(archive))

    def _begin(self, archive: Archive) -> None:
        with self.transaction() as conn:
            found = queries.archive_imports.begin(
                conn,
                id=self.given.target.import_id,
                total=self.total,
                default_bytes=self.quota_bytes,
            )
        if found is None:
            raise Ended
        if found["is_new"] and found["free_bytes"] < archive.file_bytes():
            raise NotAnArchive(
                f"The files in the archive have {archive.file_bytes()} bytes, and"
                f" {max(found['free_bytes'], 0)} of your quota are free."
            )

    def _all(self, archive: Archive) -> Iterator[str]:
        for part in PARTS:
            if part.add is None:
                continue
            if part.file not in archive:
                if _count(archive, part):
                    yield f"{part.file} is missing."
            elif part.write_permission not in (None, *self.given.permissions):
                if _count(archive, part):
                    yield f"{part.file} was left out, because you may not change what is in it."
            else:
                try:
                    self._part(archive, part)
                except Damaged as error:
                    yield str(error)
        for part in PARTS:
            self._finish(part)
        missing = archive.manifest.get("missing")
        if missing:
            yield f"{len(missing)} files were missing when the archive was written."

    def _part(self, archive: Archive, part: Part) -> None:
        done = int(self.given.parts.get(part.name, {}).get("lines", 0))
        size = 1 if part.has_files else part.batch
        for lines in _batches(_after(archive.lines(part.file), done), size):
            self.report(self.seen, self.total, part.name.replace("_", " "))
            if part.has_files:
                self._put_with_files(archive, part, lines)
            else:
                with self.transaction() as conn:
                    self._save(conn, part, lines, self._put(conn, part, lines))
            self.seen += len(lines)

    def _put(self, conn: Connection, part: Part, lines: Sequence[Line]) -> Tally:
        rows = [(number, row) for number, row, _ in lines if isinstance(row, dict)]
        tally = put(conn, self.given.target, part, rows) if rows else Tally()
        tally.mistakes += [(number, row) for number, row, _ in lines if isinstance(row, str)]
        return tally

    def _put_with_files(self, archive: Archive, part: Part, lines: Sequence[Line]) -> None:
        ((number, row, length),) = lines
        if isinstance(row, str):
            with self.transaction() as conn:
                self._save(conn, part, lines, Tally(mistakes=[(number, row)]))
            return
        with self.transaction() as conn:
            is_known = files.is_known(conn, self.given.target, part, row)
        try:
            with files.received(
                archive,
                row,
                self.given.target,
                self.intake,
                known=is_known,
                on_chunk=lambda: self.report(self.seen, self.total, part.name),
            ) as taken:
                with self.transaction() as conn:
                    taken.store(conn)
                    tally = self._put(conn, part, [Line(number, taken.row, length)])
                    if tally.added:
                        taken.learn(conn, self.given.target)
                    else:
                        taken.give_back(conn)
                    self._save(conn, part, lines, tally)
                taken.keep(is_used=bool(tally.added))
        except files.NotTaken as error:
            with self.transaction() as conn:
                self._save(conn, part, lines, Tally(mistakes=[(number, str(error))]))

    def _save(self, conn: Connection, part: Part, lines: Sequence[Line], tally: Tally) -> None:
        before = lines[0].number - 1
        saved = queries.archive_imports.advance(
            conn,
            id=self.given.target.import_id,
            part=part.name,
            before=before,
            lines=len(lines),
            added=tally.added,
            known=tally.known,
            refused=len(tally.mistakes),
            mistakes=Jsonb(
                [
                    {"file": part.file, "line": number, "message": said, "address": None}
                    for number, said in sorted(tally.mistakes)
                ]
            ),
        )
        if not saved:
            raise Ended

    def _finish(self, part: Part) -> None:
        if part.finish is None:
            return
        after: UUID | None = None
        while True:
            self.report(self.seen, self.total, f"the index of {part.name}")
            with self.transaction() as conn:
                after = part.finish(conn, self.given.target.import_id, after)
            if after is None:
                return


def _count(archive: Archive, part: Part) -> int:
    """How many lines the manifest says that a part has."""
    found = archive.part(part.name).get("count")
    return min(max(found, 0), _MOST) if isinstance(found, int) else 0


def _after(lines: Iterator[Line], done: int) -> Iterator[Line]:
    return (line for line in lines if line.number > done)


def _batches(lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
    """So many lines together, fewer if they are long. What is wrong with the file comes last."""
    batch: list[Line] = []
    length = 0
    damage: Damaged | None = None
    try:
        for line in lines:
            batch.append(line)
            length += line.length
            if len(batch) >= size or length >= _BATCH_BYTES:
                yield batch
                batch, length = [], 0
    except Damaged as error:
        damage = error
    if batch:
        yield batch
    if damage is not None:
        raise damage
