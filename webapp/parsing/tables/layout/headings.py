"""The headings of a table whose columns are told by white space.

They often take several lines, that do not match from column to column: words wrap, some headings
are over several columns, and a label of the first column is beside the lowest line.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from webapp.parsing.tables.headings import heading_rows
from webapp.parsing.tables.layout.centring import is_centred
from webapp.parsing.tables.layout.grid import Grid, area_of
from webapp.parsing.tables.layout.heading_lines import ruled_heading_rows
from webapp.parsing.tables.layout.rows import lines_of, phrases_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.tables.layout.grid import Area, Words
    from webapp.parsing.tables.layout.rulings import Ruling

_NEAR = 1.2  # of a line's height: how far below a heading its line is
_WRAPPED = 0.7  # how far below a line the next one of the same heading is
_TOLERANCE = 2.0  # points


@dataclass(slots=True)
class _Heading:
    """A heading over the columns from `first` to `last`."""

    words: Words
    area: Area
    first: int
    last: int
    level: int = 0

    def overlaps(self, other: _Heading) -> bool:
        return self.first <= other.last and other.first <= self.last

    def add(self, other: _Heading) -> None:
        """Put a line above it."""
        self.words = other.words + self.words
        self.area = area_of(self.words)


def with_headings(
    grid: Grid,
    edges: Sequence[float],
    across: Sequence[Ruling],
    down: Sequence[Ruling],
    size: float,
) -> Grid:
    """The grid with its headings as the cells they are meant to be: each as high up as nothing is
    above it, over all columns that its line is drawn over, or that lines are drawn around."""
    count = ruled_heading_rows(grid, across) or heading_rows(grid.texts())
    # A line of the first column alone belongs to the rows below: the title of a group.
    while count and not any(grid.rows[count - 1][1:]):
        count -= 1
    if not count or count == len(grid.rows):
        return grid
    columns = _columns(grid.rows[count:])
    lines = [line for line in grid.rows[:count] if any(line)]
    headings = _headings(lines, edges, columns, across, down, size)
    height = _set_levels(headings)
    rows: list[list[Words]] = [[[] for _ in columns] for _ in range(height)]
    spans = {}
    for heading in headings:
        rows[heading.level][heading.first] += heading.words
        below = [
            each.level for each in headings if each.level > heading.level and each.overlaps(heading)
        ]
        span = (min(below, default=height) - heading.level, heading.last - heading.first + 1)
        if span != (1, 1):
            spans[heading.level, heading.first] = span
    return Grid(grid.area, rows + grid.rows[count:], grid.method, spans, header_rows=height)


def _columns(rows: Sequence[list[Words]]) -> list[tuple[float, float]]:
    """From where to where the values of each column are; nowhere, if it has none. What is alone in
    its row may lie across several."""
    found = []
    several = [row for row in rows if sum(map(bool, row)) > 1]
    for column in zip(*(several or rows), strict=True):
        words = [word for words in column for word in words]
        found.append(
            (min(word.left for word in words), max(word.right for word in words))
            if words
            else (0.0, 0.0)
        )
    return found


def _headings(
    lines: Sequence[list[Words]],
    edges: Sequence[float],
    columns: Sequence[tuple[float, float]],
    across: Sequence[Ruling],
    down: Sequence[Ruling],
    size: float,
) -> list[_Heading]:
    """From the lowest line up: each phrase goes on the heading below it, is one over several
    headings below, or the first one of its columns."""
    found: list[_Heading] = []
    for line in reversed(lines):
        new = [
            _heading(words, edges, columns)
            for cell in line
            for phrase in phrases_of([word for each in lines_of(cell) for word in each])
            for words in [phrase.words]
        ]
        for heading in new:
            _widen(heading, new, columns, across, size)
            _fill(heading, new, columns, down)
        if len(new) == 1:
            _centre(new[0], columns)
        joined = []
        for heading in new:
            below = [
                each
                for each in found
                if (each.overlaps(heading) or _is_over(heading, each))
                and not _is_ruled(heading, each, across)
                and heading.area.bottom - each.area.top < _WRAPPED * size
            ]
            nearest = [each for each in below if not any(_is_under(each, other) for other in below)]
            if (
                len(nearest) == 1
                and nearest[0] not in joined
                and nearest[0].first <= heading.first
                and heading.last <= nearest[0].last
            ):
                nearest[0].add(heading)
                joined.append(nearest[0])
            else:
                for each in nearest:
                    heading.first = min(heading.first, each.first)
                    heading.last = max(heading.last, each.last)
                found.append(heading)
    return found


def _heading(
    words: Words, edges: Sequence[float], columns: Sequence[tuple[float, float]]
) -> _Heading:
    """A heading over the columns that it overlaps by a good part."""
    area = area_of(words)
    over = [
        number
        for number, (left, right) in enumerate(columns)
        if min(right, area.right) - max(left, area.left)
        > 0.4 * min(right - left, area.right - area.left)
    ]
    if not over:
        over = [sum(edge <= (area.left + area.right) / 2 for edge in edges)]
    return _Heading(words, area, over[0], over[-1])


def _widen(
    heading: _Heading,
    beside: Sequence[_Heading],
    columns: Sequence[tuple[float, float]],
    across: Sequence[Ruling],
    size: float,
) -> None:
    """Where a line is drawn below a heading, and below no other one, it is over all columns that
    the line is over."""
    area = heading.area
    for line in across:
        if not (
            area.bottom - _NEAR * size < line.at < (area.bottom + area.top) / 2
            and line.start - _TOLERANCE <= area.left
            and area.right <= line.end + _TOLERANCE
        ):
            continue
        over = [
            number
            for number, (left, right) in enumerate(columns)
            if line.start - _TOLERANCE <= (left + right) / 2 <= line.end + _TOLERANCE
        ]
        is_alone = not any(
            other is not heading
            and other.area.left < line.end - _TOLERANCE
            and other.area.right > line.start + _TOLERANCE
            for other in beside
        )
        if over and is_alone and len(over) < len(columns):
            heading.first = min(heading.first, over[0])
            heading.last = max(heading.last, over[-1])
            return


def _fill(
    heading: _Heading,
    beside: Sequence[_Heading],
    columns: Sequence[tuple[float, float]],
    down: Sequence[Ruling],
) -> None:
    """A heading that is alone between two lines drawn down, and in the middle, is over all columns
    between them. One that is not in the middle is the first line of a heading of one of them."""
    middle = (heading.area.bottom + heading.area.top) / 2
    sides = sorted(line.at for line in down if line.start < heading.area.bottom < middle < line.end)
    for left, right in pairwise(sides):
        if not is_centred(heading.area, left, right):
            continue
        over = [n for n, (start, end) in enumerate(columns) if left < (start + end) / 2 < right]
        if 0 < len(over) < len(columns) and not any(
            other is not heading and other.area.left < right and left < other.area.right
            for other in beside
        ):
            heading.first = min(heading.first, over[0])
            heading.last = max(heading.last, over[-1])


def _centre(heading: _Heading, columns: Sequence[tuple[float, float]]) -> None:
    """A heading alone in its line and in the middle of all columns of values is over all of them,
    if it is over several: over one, it may be the first line of the heading of that."""
    _, *values = columns
    if heading.first < heading.last and is_centred(heading.area, values[0][0], values[-1][1]):
        heading.first, heading.last = 1, len(values)


def _is_ruled(upper: _Heading, lower: _Heading, across: Sequence[Ruling]) -> bool:
    """Whether a line is drawn between two headings."""
    top, bottom = (upper.area.bottom + upper.area.top) / 2, (lower.area.bottom + lower.area.top) / 2
    middle = (lower.area.left + lower.area.right) / 2
    return any(
        bottom < line.at < top and line.start - _TOLERANCE <= middle <= line.end + _TOLERANCE
        for line in across
    )


def _is_over(upper: _Heading, lower: _Heading) -> bool:
    """Whether a heading reaches over a good part of a lower one, of another column."""
    left, right = lower.area.left, lower.area.right
    return min(right, upper.area.right) - max(left, upper.area.left) > 0.4 * (right - left)


def _is_under(lower: _Heading, upper: _Heading) -> bool:
    return upper is not lower and upper.overlaps(lower) and upper.area.bottom >= lower.area.top - 1


def _set_levels(headings: Sequence[_Heading]) -> int:
    """Put each heading as high up as nothing is above it; returns the number of levels."""
    placed: list[_Heading] = []
    for heading in sorted(headings, key=lambda each: -each.area.top):
        above = [
            each.level
            for each in placed
            if each.overlaps(heading) and each.area.top > heading.area.top + 1
        ]
        heading.level = max(above, default=-1) + 1
        placed.append(heading)
    return max(heading.level for heading in headings) + 1
