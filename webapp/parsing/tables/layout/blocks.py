"""Blocks of lines that may be a table: those with gaps in them, one below the other."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.rows import phrases_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.rows import Phrase
    from webapp.parsing.tables.layout.rulings import Ruling

_APART = 2.0  # of a line's height: so much empty space ends a block
# Lines in a row without a gap that a table may have: a heading between groups, the rest of a cell.
_MOST_SINGLE, _MOST_NARROW = 2, 4
_NARROW = 0.35  # of the block's width
# A line of text is as wide as this share of the block, and has more words than that.
_WIDE, _MANY_WORDS = 0.75, 7
# A line of prose in columns: each of its phrases has so many words and letters.
_WORDS_OF_PROSE, _LETTERS_OF_PROSE = 4, 24
_LINES_OF_PROSE = 3
# In a frame, so many rows of headings, and fewer rows of prose than this share.
_MOST_HEADINGS, _SHARE_OF_PROSE = 3, 0.5


@dataclass(slots=True, eq=False)
class Row:
    """A line of the page."""

    phrases: list[Phrase]
    bottom: float
    top: float
    height: float
    words: list[PlacedWord]

    @classmethod
    def of(cls, line: list[PlacedWord]) -> Row:
        return cls(
            phrases_of(line),
            min(word.bottom for word in line),
            max(word.top for word in line),
            median(word.height for word in line),
            line,
        )

    @property
    def left(self) -> float:
        return self.phrases[0].left

    @property
    def right(self) -> float:
        return max(phrase.right for phrase in self.phrases)

    @property
    def is_parted(self) -> bool:
        return len(self.phrases) >= 2

    def texts(self) -> list[str]:
        """Those of its phrases."""
        return [" ".join(word.text for word in phrase.words) for phrase in self.phrases]

    @property
    def is_prose(self) -> bool:
        """Whether it is a line of two columns of text, or of more."""
        return self.is_parted and all(
            len(phrase.words) >= _WORDS_OF_PROSE
            and sum(len(word.text) for word in phrase.words) >= _LETTERS_OF_PROSE
            for phrase in self.phrases
        )


def blocks_of(
    rows: Sequence[Row], across: Sequence[Ruling]
) -> Iterator[tuple[list[Row], Sequence[Row]]]:
    """The blocks of a page, from above, each with the rows above it. Each begins and ends with a
    row that has a gap."""
    block: list[Row] = []
    single = 0
    prose = _in_prose(rows)
    if prose:
        prose -= _framed(rows, across)

    def ended() -> Iterator[tuple[list[Row], Sequence[Row]]]:
        while block and not block[-1].is_parted:
            block.pop()
        while block and not block[0].is_parted:
            block.pop(0)
        if sum(row.is_parted for row in block) >= 2:
            yield list(block), rows[: rows.index(block[0])]
        block.clear()

    for number, row in enumerate(rows):
        if block and block[-1].bottom - row.top > _APART * max(row.height, block[-1].height):
            yield from ended()
        if number in prose:
            yield from ended()
        elif row.is_parted:
            single = 0
            block.append(row)
        elif block:
            single += 1
            extent = max(each.right for each in block) - min(each.left for each in block)
            width = row.right - row.left
            most = _MOST_NARROW if width < _NARROW * extent else _MOST_SINGLE
            if single > most or (width > _WIDE * extent and len(row.words) > _MANY_WORDS):
                yield from ended()
            else:
                block.append(row)
    yield from ended()


def _in_prose(rows: Sequence[Row]) -> set[int]:
    """The numbers of rows that are prose in columns, as are the ones above and below."""
    found: set[int] = set()
    run: list[int] = []
    for number, row in enumerate(rows):
        if row.is_prose:
            run.append(number)
            continue
        if len(run) >= _LINES_OF_PROSE:
            found.update(run)
        run = []
    return found.union(run) if len(run) >= _LINES_OF_PROSE else found


def _framed(rows: Sequence[Row], across: Sequence[Ruling]) -> set[int]:
    """The numbers of rows between three lines of the same length, with headings between the upper
    two: a table, although some of its rows may be as long as prose."""
    found: set[int] = set()
    by_extent: defaultdict[tuple[float, float], list[float]] = defaultdict(list)
    for line in sorted(across, reverse=True):
        by_extent[round(line.start), round(line.end)].append(line.at)
    middles = [-(row.bottom + row.top) / 2 for row in rows]
    for lines in by_extent.values():
        for places in zip(lines, lines[1:], lines[2:], strict=False):
            top, middle, bottom = (bisect_left(middles, -at) for at in places)
            body = rows[middle:bottom]
            if (
                1 <= middle - top <= _MOST_HEADINGS
                and rows[middle - 1].is_parted
                and sum(row.is_prose for row in body) < _SHARE_OF_PROSE * len(body)
            ):
                found.update(range(middle, bottom))
    return found
