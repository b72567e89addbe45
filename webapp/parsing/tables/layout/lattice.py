"""Lattices: rulings that meet, the places between them, and which of those are one cell."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import Area
from webapp.parsing.tables.layout.rulings import Ruling

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

# Points: so much may be missing where two lines should meet; lines closer than the second are one
# edge of cells.
_TOUCH, _SAME_EDGE = 3.0, 2.5
# Lines that run so far past the outermost one across them had another side there, not drawn.
_PAST_SIDE, _PAST_END = 15.0, 6.0
_MOST_PLACES = 20_000


class Union:
    """Sets that are joined: each has the first of its members as its name."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def find(self, member: Hashable) -> Hashable:
        above = self._above
        while (next_ := above.get(member, member)) != member:
            above[member] = above.get(next_, next_)
            member = next_
        return member

    def join(self, one: Hashable, other: Hashable) -> None:
        self._above[self.find(one)] = self.find(other)


@dataclass(frozen=True, slots=True)
class Cell:
    """Places of a lattice that no line parts: the first and last row and column of them."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Lattice:
    """`xs` are the edges of columns from the left, `ys` those of rows from above."""

    xs: list[float]
    ys: list[float]
    across: list[Ruling]
    down: list[Ruling]

    @property
    def area(self) -> Area:
        return Area(self.xs[0], self.ys[-1], self.xs[-1], self.ys[0])

    def row_at(self, y: float) -> int:
        """The row of a height; the nearest one for what is outside."""
        from_below = bisect_right(self.ys[::-1], y)
        return min(max(len(self.ys) - 1 - from_below, 0), len(self.ys) - 2)

    def column_at(self, x: float) -> int:
        return min(max(bisect_right(self.xs, x) - 1, 0), len(self.xs) - 2)

    def cells(self) -> list[Cell]:
        """The cells, each a rectangle of places between which no line is drawn."""
        rows, columns = len(self.ys) - 1, len(self.xs) - 1
        union = Union()
        at_x = [[line for line in self.down if abs(line.at - x) < _TOUCH] for x in self.xs]
        at_y = [[line for line in self.across if abs(line.at - y) < _TOUCH] for y in self.ys]
        for row in range(rows):
            for column in range(columns):
                y = (self.ys[row] + self.ys[row + 1]) / 2
                if column + 1 < columns and not _is_drawn(at_x[column + 1], y):
                    union.join((row, column), (row, column + 1))
                x = (self.xs[column] + self.xs[column + 1]) / 2
                if row + 1 < rows and not _is_drawn(at_y[row + 1], x):
                    union.join((row, column), (row + 1, column))
        found: defaultdict[Hashable, list[tuple[int, int]]] = defaultdict(list)
        for row in range(rows):
            for column in range(columns):
                found[union.find((row, column))].append((row, column))
        return [
            Cell(places[0][0], min(c for _, c in places), places[-1][0], max(c for _, c in places))
            for places in found.values()
        ]


def _is_drawn(lines: Sequence[Ruling], at: float) -> bool:
    return any(line.start <= at <= line.end for line in lines)


def lattices_of(across: Sequence[Ruling], down: Sequence[Ruling]) -> Iterator[Lattice]:
    """The lattices of a page: each is all lines that meet, directly or through others."""
    for own_across, own_down in _connected(across, down):
        if len(own_across) < 2 or len(own_down) < 2:
            continue
        _add_missing_sides(own_across, own_down)
        xs = _edges(line.at for line in own_down)
        ys = _edges(line.at for line in own_across)[::-1]
        if len(xs) >= 2 and len(ys) >= 2 and (len(xs) - 1) * (len(ys) - 1) <= _MOST_PLACES:
            yield Lattice(xs, ys, own_across, own_down)


def _connected(
    across: Sequence[Ruling], down: Sequence[Ruling]
) -> list[tuple[list[Ruling], list[Ruling]]]:
    union = Union()
    order = sorted(range(len(down)), key=lambda other: down[other].at)
    places = [down[other].at for other in order]
    for number, line in enumerate(across):
        first = bisect_left(places, line.start - _TOUCH)
        for other in order[first : bisect_right(places, line.end + _TOUCH)]:
            if down[other].start - _TOUCH <= line.at <= down[other].end + _TOUCH:
                union.join(("across", number), ("down", other))
    found: defaultdict[Hashable, tuple[list[Ruling], list[Ruling]]]
    found = defaultdict(lambda: ([], []))
    for number, line in enumerate(across):
        found[union.find(("across", number))][0].append(line)
    for number, line in enumerate(down):
        found[union.find(("down", number))][1].append(line)
    return list(found.values())


def _add_missing_sides(across: list[Ruling], down: list[Ruling]) -> None:
    """Where two lines or more run past the outermost one that crosses them, by about as much, a
    table has a side that is not drawn: a column of labels left of the first line, for example."""
    xs, ys = _edges(line.at for line in down), _edges(line.at for line in across)
    if len(xs) < 2 or len(ys) < 2:
        return
    before = sorted(line.start for line in across if line.start < xs[0] - _PAST_SIDE)
    after = sorted(line.end for line in across if line.end > xs[-1] + _PAST_SIDE)
    above = sorted(line.end for line in down if line.end > ys[-1] + _PAST_END)
    below = sorted(line.start for line in down if line.start < ys[0] - _PAST_END)
    sides = [ends for ends in (before, after) if len(ends) >= 2]
    top_and_bottom = [ends for ends in (above, below) if len(ends) >= 2]
    down += [Ruling(ends[len(ends) // 2], ys[0], ys[-1]) for ends in sides]
    across += [Ruling(ends[len(ends) // 2], xs[0], xs[-1]) for ends in top_and_bottom]


def _edges(values: Iterable[float]) -> list[float]:
    """Where lines are, those that are one edge once."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _SAME_EDGE:
            found.append(value)
    return found
