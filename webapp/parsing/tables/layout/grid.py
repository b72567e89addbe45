"""A table on a page, made of words, before it becomes one of texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from webapp.parsing.tables.layout.leaders import without_leader
from webapp.parsing.tables.layout.rows import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.table import Method

    Words = list[PlacedWord]


class Area(NamedTuple):
    """A rectangle, in the order of PDF."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(slots=True)
class Grid:
    """`rows` has the words of each place; `spans` and `header_rows` are as in `Table`,
    the second None if not known yet."""

    area: Area
    rows: list[list[Words]]
    method: Method
    spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    header_rows: int | None = None

    def texts(self) -> list[list[str]]:
        return [[text_of(words) for words in row] for row in self.rows]

    def words(self) -> Iterable[PlacedWord]:
        return (word for row in self.rows for words in row for word in words)


def area_of(words: Iterable[PlacedWord]) -> Area:
    """The smallest rectangle around some words, of which there is at least one."""
    boxes = [(word.left, word.bottom, word.right, word.top) for word in words]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return Area(min(lefts), min(bottoms), max(rights), max(tops))


def text_of(words: Sequence[PlacedWord]) -> str:
    """The words of a cell line by line, without dots that lead on to the next cell."""
    if len(words) == 1:
        return without_leader(words[0].text)
    lines = (" ".join(word.text for word in line) for line in lines_of(words))
    return without_leader(" ".join(lines))
