"""Lines around a table that are no part of it: its title above, its notes below."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.centring import is_centred
from webapp.parsing.tables.layout.grid import area_of
from webapp.parsing.tables.layout.rulings import from_side_to_side
from webapp.parsing.tables.numbers import are_ascending, is_number, is_year

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.tables.layout.blocks import Row
    from webapp.parsing.tables.layout.rulings import Ruling

_MOST_ABOVE = 5  # rows of a title
_MOST_HEADINGS, _APART = 3, 1.0  # rows, and the empty space between two, of a line's height
_INNER_LINES = 2  # of three, those with rows above them and below
# A heading over several others is so close to them; it is over more columns than the second.
_CLOSE, _FEWEST_BELOW = 0.5, 2


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
    values = [
        number
        for number, row in enumerate(block)
        if _has_values(row) and not (number + 1 in below[:2] and are_ascending(row.texts()[1:]))
    ]
    first, last = below[0], below[-1]
    if not values:
        return block[first:] if _is_framed(block, below, whole) else block
    # A title has fewer phrases than the headings below it.
    headings = max((len(row.phrases) for row in block[first : values[0]]), default=0)
    is_title = all(len(row.phrases) < headings for row in block[:first])
    start = first if first <= _MOST_ABOVE and is_title else 0
    return block[start : last if last > values[-1] else len(block)]


def _is_framed(block: Sequence[Row], below: Sequence[int], whole: Sequence[float]) -> bool:
    """Whether the lines are the three of a table without values: above and below its headings, and
    below its last row. Where there are more, they may as well part all rows."""
    end = block[-1]
    return (
        len(below) == _INNER_LINES
        and below[0] <= _MOST_ABOVE
        and below[1] - below[0] <= _MOST_HEADINGS
        and any(end.bottom - _APART * end.height < at <= _middle(end) for at in whole)
    )


def headings_above(
    block: Sequence[Row], above: Sequence[Row], across: Sequence[Ruling]
) -> Sequence[Row]:
    """The rows above a block that are its headings, although with a single heading in each they do
    not look like rows of a table."""
    return _ruled_above(block, above, across) or _centred_above(block, above)


def _centred_above(block: Sequence[Row], above: Sequence[Row]) -> Sequence[Row]:
    """The row above a block, if its phrase is in the middle of all columns but the first: a title
    is in the middle of the table, and has white space below it rather than above."""
    if not above or not block[0].is_parted:
        return []
    row, heads = above[-1], block[0].phrases
    right = max(each.right for each in block)
    below = row.bottom - block[0].top
    is_alone = len(above) < 2 or above[-2].bottom - row.top > below + _CLOSE * row.height
    if (
        len(row.phrases) == 1
        and len(heads) > _FEWEST_BELOW
        and below < _CLOSE * row.height
        and is_alone
        and row.left > heads[1].left
        and is_centred(area_of(row.words), heads[1].left, right)
    ):
        return [row]
    return []


def _ruled_above(
    block: Sequence[Row], above: Sequence[Row], across: Sequence[Ruling]
) -> Sequence[Row]:
    """The rows above a block that lines show to be its headings: one from one side to the other
    above them, or one below each."""
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
    return from_side_to_side(across, left, right)


def _middle(row: Row) -> float:
    return (row.bottom + row.top) / 2


def _has_values(row: Row) -> bool:
    """Whether most of its phrases, but the first, are numbers."""
    rest = row.texts()[1:]
    numbers = [text for text in rest if is_number(text) and not is_year(text)]
    return bool(numbers) and len(numbers) >= 0.5 * len(rest)
