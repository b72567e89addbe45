"""The tables of a sheet: its regions of cells, apart from each other."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Regions beside each other, parts of which are below each other, parts of which …
_DEEPEST = 6


class Region(NamedTuple):
    """Rows and columns, the last ones not included."""

    top: int
    left: int
    bottom: int
    right: int


def regions_of(texts: Sequence[Sequence[str]]) -> list[Region]:
    """The regions of a sheet, from above.

    One empty row or column does not end a table: sparse ones have some. It only does so if what is
    on both sides differs in its extent, so that it does not belong together; two of them always do.
    """
    used = {
        number: columns
        for number, row in enumerate(texts)
        if (columns := [at for at, text in enumerate(row) if text])
    }
    return list(_split(used, 0, is_whole=False))


def _split(used: Mapping[int, list[int]], depth: int, *, is_whole: bool) -> Iterator[Region]:
    """The regions of cells, given by row; `is_whole` if they do not split the other way."""
    parts = list(_parts(used))
    for part in parts:
        if (len(parts) == 1 and is_whole) or depth > _DEEPEST:
            columns = [at for row in part.values() for at in (row[0], row[-1])]
            yield Region(min(part), min(columns), max(part) + 1, max(columns) + 1)
            continue
        aside = list(_parts(_turned(part)))
        for each in aside:
            yield from _split(_turned(each), depth + 1, is_whole=len(aside) == 1)


def _parts(used: Mapping[int, list[int]]) -> Iterator[dict[int, list[int]]]:
    """Parts one below the other."""
    part: dict[int, list[int]] = {}
    extent = (0, 0)
    for gap, run in _runs(used):
        own = _extent(run)
        if part and (gap > 1 or own != extent):
            yield part
            part = {}
        part.update(run)
        extent = own
    if part:
        yield part


def _runs(used: Mapping[int, list[int]]) -> Iterator[tuple[int, dict[int, list[int]]]]:
    """Rows without an empty one between them, and how many empty ones are above."""
    run: dict[int, list[int]] = {}
    last, gap = -1, 0
    for number, row in used.items():
        if run and number > last + 1:
            yield gap, run
            run, gap = {}, number - last - 1
        run[number] = row
        last = number
    if run:
        yield gap, run


def _extent(part: Mapping[int, list[int]]) -> tuple[int, int]:
    return min(row[0] for row in part.values()), max(row[-1] for row in part.values())


def _turned(part: Mapping[int, list[int]]) -> dict[int, list[int]]:
    """The same cells by column."""
    turned: defaultdict[int, list[int]] = defaultdict(list)
    for number, row in part.items():
        for at in row:
            turned[at].append(number)
    return {column: turned[column] for column in sorted(turned)}
