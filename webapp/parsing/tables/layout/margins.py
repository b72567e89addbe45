"""Lines around a table that are no part of it: its title above, its notes below."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from webapp.parsing.tables.numbers import is_number, is_year

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.tables.layout.blocks import Row
    from webapp.parsing.tables.layout.rulings import Ruling

_WHOLE = 0.85  # of the width of the block: a line from one side to the other
_LONGER = 1.3  # a line that is longer belongs to something else
_MOST_ABOVE = 5  # rows of a title
_MOST_HEADINGS, _APART = 3, 1.0  # rows, and the empty space between two, of a line's height


def without_margins(block: list[Row], across: Sequence[Ruling]) -> list[Row]:
    """The rows between the first and the last line that is drawn from one side to the other.

    The first one may also be below the headings; so what is above is only left out if headings
    remain below it. What is below the last one is left out if it has no values.
    """
    whole = _whole(block, across)
    # The numbers of rows that have such a line above them.
    below = [
        number
        for number, (row, next_) in enumerate(pairwise(block), 1)
        if any(_middle(next_) < at < _middle(row) for at in whole)
    ]
    if not below:
        return block
    values = [number for number, row in enumerate(block) if _has_values(row)]
    if not values:
        return block
    first, last = below[0], below[-1]
    # A title has fewer phrases than the headings below it.
    headings = max((len(row.phrases) for row in block[first : values[0]]), default=0)
    is_title = all(len(row.phrases) < headings for row in block[:first])
    start = first if first <= _MOST_ABOVE and is_title else 0
    return block[start : last if last > values[-1] else len(block)]


def ruled_above(
    block: Sequence[Row], above: Sequence[Row], across: Sequence[Ruling]
) -> Sequence[Row]:
    """The rows above a block that lines show to be its headings, although with a single heading in
    each they do not look like rows of a table: one from one side to the other above them, or one
    below each."""
    left, right = min(row.left for row in block), max(row.right for row in block)
    whole = _whole(block, across)
    found = 0
    for count in range(1, min(_MOST_HEADINGS, len(above)) + 1):
        upper, lower = [*above, block[0]][-count - 1 :][:2]
        if upper.bottom - lower.top > _APART * lower.height:
            break
        middle = _middle(upper)
        if any(middle < at < upper.top + upper.height for at in whole):
            return above[-count:]
        is_underlined = any(
            _middle(lower) < line.at < middle
            and left - 2 < line.start <= upper.left + 2
            and upper.right - 2 <= line.end < right + 2
            for line in across
        )
        if is_underlined and found == count - 1:
            found = count
    return above[len(above) - found :]


def _whole(block: Sequence[Row], across: Sequence[Ruling]) -> list[float]:
    """Where lines are drawn from one side of a block to the other."""
    left, right = min(row.left for row in block), max(row.right for row in block)
    return [
        line.at
        for line in across
        if min(line.end, right) - max(line.start, left) > _WHOLE * (right - left)
        and line.end - line.start < _LONGER * (right - left)
    ]


def _middle(row: Row) -> float:
    return (row.bottom + row.top) / 2


def _has_values(row: Row) -> bool:
    """Whether most of its phrases, but the first, are numbers."""
    rest = [" ".join(word.text for word in phrase.words) for phrase in row.phrases[1:]]
    numbers = [text for text in rest if is_number(text) and not is_year(text)]
    return bool(numbers) and len(numbers) >= 0.5 * len(rest)
