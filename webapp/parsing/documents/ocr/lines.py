"""The reading order of the lines on a picture, and its text."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

from webapp.parsing.documents.reading import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

# A column of prose: minimum of lines, letters per line, and share of the width.
_FEWEST_LINES, _FEWEST_LETTERS, _NARROWEST = 3, 15, 0.2
_WIDE = 0.55  # of the width: a line that belongs to no column
_GUTTER = 0.8  # of a line's height
_APART = 1.0  # of a line's height: the gap between paragraphs
_DEEPEST = 4  # columns within columns


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, or a part of one, in a box measured from the upper left corner, in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top


def text_of(lines: Sequence[Line], scale: float) -> tuple[str, array[float]]:
    """The text, and four numbers for each word of it, as in `document.Page`; `scale` is the number
    of pixels per unit of the page."""
    text: list[str] = []
    boxes = array("f")
    before: list[Line] | None = None
    for row in _ordered(lines):
        words = [word for line in row for word in words_of(line)]
        if not words:
            continue
        if before is not None:
            gap = min(line.top for line in row) - max(line.bottom for line in before)
            height = median(line.height for line in row)
            text.append("\n" if -height < gap < _APART * height else "\n\n")
        text.append(" ".join(word for word, _ in words))
        for _, box in words:
            boxes.extend(side / scale for side in box)
        before = row
    return "".join(text), boxes


def _ordered(lines: Sequence[Line], depth: int = 0) -> list[list[Line]]:
    """Rows, reading columns of prose one after the other."""
    gutter = _gutter(lines) if depth < _DEEPEST else None
    if gutter is None:
        return _rows(lines)
    rows: list[list[Line]] = []
    zone: list[Line] = []

    def end_zone() -> None:
        for side in (
            [line for line in zone if line.right <= gutter],
            [line for line in zone if line.right > gutter],
        ):
            rows.extend(_ordered(side, depth + 1))
        zone.clear()

    for line in sorted(lines, key=lambda line: line.middle):
        if line.left < gutter < line.right:  # a heading over both columns separates them
            end_zone()
            rows.append([line])
        else:
            zone.append(line)
    end_zone()
    return rows


def _gutter(lines: Sequence[Line]) -> float | None:
    """The gap between two columns of prose, if there are any."""
    if len(lines) < 2 * _FEWEST_LINES:
        return None
    start, end = min(line.left for line in lines), max(line.right for line in lines)
    narrow = sorted(
        (line for line in lines if line.right - line.left < _WIDE * (end - start)),
        key=lambda line: line.left,
    )
    least = _GUTTER * median(line.height for line in lines)
    found: tuple[float, float] | None = None  # its width and its middle
    reached = start
    for number, line in enumerate(narrow):
        if number and line.left - reached > max(least, found[0] if found else 0.0):
            middle = (reached + line.left) / 2
            if _is_prose(narrow[:number], end - start) and _is_prose(narrow[number:], end - start):
                found = (line.left - reached, middle)
        reached = max(reached, line.right)
    return found[1] if found else None


def _is_prose(lines: Sequence[Line], width: float) -> bool:
    """Whether lines are a column of prose, rather than numbers next to their labels."""
    return (
        len(lines) >= _FEWEST_LINES
        and fmean(len(line.text) for line in lines) >= _FEWEST_LETTERS
        and max(line.right for line in lines) - min(line.left for line in lines)
        >= _NARROWEST * width
    )


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Boxes side by side, from left to right, and rows from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and abs(line.middle - fmean(each.middle for each in rows[-1])) < 0.5 * min(
            line.height, *(each.height for each in rows[-1])
        ):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def words_of(line: Line) -> list[tuple[str, tuple[float, float, float, float]]]:
    """The words of a line, each with a share of its box in proportion to its letters."""
    text = clean(line.text).strip()
    if not text:
        return []
    each = (line.right - line.left) / len(text)
    found = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        left = line.left + at * each
        at += len(word)
        found.append((word, (left, line.top, line.left + at * each, line.bottom)))
    return found
