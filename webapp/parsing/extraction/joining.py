"""Tables over several pages: their parts become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.parsing.tables.table import Table


@dataclass(frozen=True, slots=True)
class Joined:
    """The parts of a table, of equal width. `continued_from` is as in `Table`, but counts these."""

    parts: list[Table]
    continued_from: int | None = None

    @property
    def first(self) -> Table:
        """The part with the headings."""
        return self.parts[0]

    @property
    def pages(self) -> list[int]:
        """The numbers of its pages, each once."""
        return list(dict.fromkeys(part.page for part in self.parts))

    @property
    def confidence(self) -> float:
        """As sure as the least sure of its parts."""
        return min(part.confidence for part in self.parts)

    @property
    def row_count(self) -> int:
        """Without headings."""
        return sum(len(part.texts) - part.header_rows for part in self.parts)

    def rows(self) -> Iterator[tuple[Table, int]]:
        """Each row that is no heading: the part it is in, and its number there."""
        for part in self.parts:
            for number in range(part.header_rows, len(part.texts)):
                yield part, number


def joined(tables: Sequence[Table], *, wanted: Sequence[bool], joins: bool) -> list[Joined]:
    """The `wanted` ones of a document's tables, in their order. If `joins`, a table that goes on
    with another wanted one is added to it."""
    found: list[Joined] = []
    place: dict[int, int] = {}  # of each table, where it is in `found`
    for number, table in enumerate(tables):
        if not wanted[number]:
            continue
        before = None if table.continued_from is None else place.get(table.continued_from)
        if joins and before is not None and found[before].first.width == table.width:
            place[number] = before
            found[before].parts.append(table)
        else:
            place[number] = len(found)
            found.append(Joined([table], before))
    return found
