"""The headings of a table's columns, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.parsing.tables.table import Table

_LONGEST = 200  # characters of a heading


def headings_of(table: Table) -> list[str]:
    """The heading of each column. One in several rows is put together from above, and one over
    several columns belongs to each of them."""
    above: list[list[str]] = [[] for _ in range(table.width)]
    for row in range(table.header_rows):
        for column, text in enumerate(table.texts[row]):
            said = " ".join(text.split())
            _, right = table.spans.get((row, column), (1, 1))
            for under in above[column : column + right] if said else ():
                under.append(said)
    return [" ".join(each)[:_LONGEST].rstrip() for each in above]


def names_of(headings: Iterable[str]) -> list[str]:
    """A name for each column, which no other one has: its heading, with a number if an earlier one
    is the same, or its place if it has none."""
    names: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}  # what was reached: thousands of columns may have one heading
    for place, heading in enumerate(headings, 1):
        name = wanted = heading or f"column_{place}"
        count = counts.get(wanted.casefold(), 1)
        while name.casefold() in taken:
            count += 1
            name = f"{wanted}_{count}"
        counts[wanted.casefold()] = count
        taken.add(name.casefold())
        names.append(name)
    return names
