"""The tables of a job, as they are exported: what their files are called, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.exporting.archive import File, zipped
from webapp.exporting.comma_separated import comma_separated
from webapp.exporting.json_lines import json_lines
from webapp.exporting.workbook import Cell, Sheet
from webapp.failure import Failure
from webapp.rules.archive_names import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.exporting.comma_separated import Batch

    Row = dict[str, Any]

# Rows read at once. A connection is only held while they are read, since a client may read slowly.
_BATCH: Final = 1000


class Overtaken(Failure):
    """Cells of the tables were corrected while they were read: what was read is of two states."""

    def __init__(self) -> None:
        super().__init__("The tables were corrected meanwhile; try again.")


class NotAlike(Failure):
    """There are no tables, or they do not have the same columns: they are not one file."""

    def __init__(self) -> None:
        super().__init__(
            "The job has no tables, or tables that do not have the same columns.", permanent=True
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a job. `name` is what its files are called, without an ending."""

    id: UUID
    name: str
    title: str
    header: Sequence[str]
    types: Sequence[str]
    row_count: int


@dataclass(frozen=True, slots=True)
class Extracted:
    """The tables of a job in one state, its `revision`. `connect` gives a connection for as long as
    a batch of rows is read."""

    job_id: UUID
    revision: int
    name: str  # of the files of all tables, without an ending
    tables: Sequence[Table]
    connect: Callable[[], AbstractContextManager[Connection]]

    def comma_separated(self, table: Table, *, escaped: bool = False) -> Iterator[bytes]:
        """A table as CSV, in pieces. Raises Overtaken instead of the last one."""
        yield from comma_separated(table.header, self._texts(table), escaped=escaped)
        self._check()

    def joined(self, *, escaped: bool = False) -> Iterator[bytes]:
        """All tables as one CSV, in reading order, under one header, in pieces. Raises NotAlike at
        the first, and Overtaken instead of the last."""
        if not self.are_alike:
            raise NotAlike
        batches = (batch for table in self.tables for batch in self._texts(table))
        yield from comma_separated(self.tables[0].header, batches, escaped=escaped)
        self._check()

    @property
    def are_alike(self) -> bool:
        """Whether there are tables, all with columns of the same names in the same order."""
        return len({tuple(table.header) for table in self.tables}) == 1

    def json_lines(self, table: Table) -> Iterator[bytes]:
        """A table as lines of JSON, in pieces. Raises Overtaken instead of the last one."""
        batches = (
            [row["values"] for row in rows]
            for rows in self._rows(table, queries.table_exports.cells)
        )
        yield from json_lines(table.header, batches)
        self._check()

    def zipped(self) -> Iterator[bytes]:
        """All tables as CSV in a ZIP, in pieces. Raises Overtaken instead of the last one."""
        files = {f"{table.name}.csv": table for table in self.tables}
        yield from zipped(
            File(name, comma_separated(table.header, self._texts(table)))
            for name, table in sorted(files.items())
        )
        self._check()

    def sheets(self, tables: Sequence[Table]) -> Iterator[Sheet]:
        """Some tables for a spreadsheet. Raises Overtaken at the end."""
        for table in tables:
            yield Sheet(table.title, table.header, table.types, table.row_count, self._cells(table))
        self._check()

    def _texts(self, table: Table) -> Iterator[Batch]:
        after, count = 0, _BATCH
        while count == _BATCH:
            with self.connect() as conn:
                asked = {"table_id": table.id, "after": after, "limit": _BATCH}
                batch = queries.table_exports.lines(conn, **asked)
                rows = queries.table_exports.cells(conn, **asked) if batch["is_ambiguous"] else []
            after, count = batch["last"], batch["count"]
            if rows:
                yield [row["texts"] for row in rows]
            elif count:
                yield batch["lines"]

    def _cells(self, table: Table) -> Iterator[list[list[Cell]]]:
        for rows in self._rows(table, queries.table_exports.cells):
            yield [list(map(Cell, row["texts"], row["values"])) for row in rows]

    def _rows(self, table: Table, ask: Callable[..., list[Row]]) -> Iterator[list[Row]]:
        after = 0
        while True:
            with self.connect() as conn:
                rows = ask(conn, table_id=table.id, after=after, limit=_BATCH)
            if rows:
                yield rows
            if len(rows) < _BATCH:
                return
            after = rows[-1]["number"]

    def _check(self) -> None:
        with self.connect() as conn:
            revision = queries.table_exports.revision(conn, id=self.job_id)
        if revision != self.revision:
            raise Overtaken


def extracted(
    conn: Connection,
    job: Mapping[str, Any],
    connect: Callable[[], AbstractContextManager[Connection]],
) -> Extracted:
    """The tables of a job, of which `id`, `revision` and `source_name` are given."""
    rows = queries.table_exports.tables(conn, job_id=job["id"])
    stem = stem_of(job["source_name"])
    width = len(str(len(rows)))
    tables = [
        Table(
            id=row["id"],
            name=f"{stem} table {number:0{width}}",
            title=row["title"] or f"Table {number}",
            header=[column["name"] for column in row["columns"]],
            types=[column["type"] for column in row["columns"]],
            row_count=row["row_count"],
        )
        for number, row in enumerate(rows, start=1)
    ]
    return Extracted(job["id"], job["revision"], f"{stem} tables", tables, connect)


def stem_of(name: str) -> str:
    """What the files made of a file are called first: its name without its ending."""
    stem = safe(name)
    beginning, dot, ending = stem.rpartition(".")
    return beginning.strip() if beginning.strip() and dot and len(ending) <= 10 else stem
