"""Lines that are drawn, across and down."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Points. Lines so close together are one, drawn twice or as the two edges of cells; pieces so close
# one after the other too, dashes for example.
_SNAP, _GAP = 2.0, 3.0
# Of the width of a table: a line from one side to the other is as long, and one that is much longer
# belongs to something else.
_WHOLE, _LONGER = 0.85, 1.3


class Ruling(NamedTuple):
    """A line across at a height `at`, from `start` to `end` on the left and right; or one down."""

    at: float
    start: float
    end: float


def joined(rulings: Iterable[Ruling]) -> list[Ruling]:
    """Rulings of one direction, those that are one in one."""
    found: list[Ruling] = []
    group: list[Ruling] = []

    def end_group() -> None:
        at = sum(ruling.at for ruling in group) / len(group)
        pieces = sorted((ruling.start, ruling.end) for ruling in group)
        start, end = pieces[0]
        for next_start, next_end in pieces[1:]:
            if next_start <= end + _GAP:
                end = max(end, next_end)
            else:
                found.append(Ruling(at, start, end))
                start, end = next_start, next_end
        found.append(Ruling(at, start, end))

    for ruling in sorted(rulings):
        if group and (ruling.at - group[-1].at > _SNAP or ruling.at - group[0].at > 2 * _SNAP):
            end_group()
            group = []
        group.append(ruling)
    if group:
        end_group()
    return found


def from_side_to_side(across: Sequence[Ruling], left: float, right: float) -> list[float]:
    """Where lines are drawn from one side of a table to the other."""
    return [
        line.at
        for line in across
        if min(line.end, right) - max(line.start, left) > _WHOLE * (right - left)
        and line.end - line.start < _LONGER * (right - left)
    ]
