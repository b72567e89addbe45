"""Tables whose columns are told by white space."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import Grid, area_of
from webapp.parsing.tables.layout.prose import is_list, is_prose
from webapp.parsing.tables.layout.rows import lines_of, phrases_of
from webapp.parsing.tables.layout.wrapping import join_wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.grid import Words
    from webapp.parsing.tables.layout.rows import Phrase


@dataclass(slots=True)
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


def spaced_grids(words: Sequence[PlacedWord]) -> Iterator[Grid]:
    """The tables in words that no lines enclose."""
    for block in blocks_of([Row.of(line) for line in lines_of(words)]):
        if grid := _grid(block):
            yield grid


def blocks_of(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Runs of rows with gaps in them, including up to two in a row without: a heading between
    groups, or the rest of a cell. A wide line of text ends a block, and so does empty space."""
    block: list[Row] = []
    single = 0

    def ended() -> Iterator[list[Row]]:
        while block and not block[-1].is_parted:
            block.pop()
        while block and not block[0].is_parted:
            block.pop(0)
        if sum(row.is_parted for row in block) >= 2:
            yield list(block)
        block.clear()

    for row in rows:
        if block and block[-1].bottom - row.top > 2.0 * max(row.height, block[-1].height):
            yield from ended()
        if row.is_parted:
            single = 0
            block.append(row)
        elif block:
            single += 1
            across = max(each.right for each in block) - min(each.left for each in block)
            is_text = row.right - row.left > 0.75 * across and len(row.words) > 7
            if single > 2 or is_text:
                yield from ended()
            else:
                block.append(row)
    yield from ended()


def _grid(block: list[Row]) -> Grid | None:
    edges = _edges(block)
    if not edges:
        return None
    size = median(row.height for row in block if row.is_parted)
    rows = [_cells(row, edges, size) for row in block]
    area = area_of(word for row in block for word in row.words)
    grid = Grid(area, rows, "white_space")
    if sum(sum(map(bool, row)) >= 2 for row in rows) < 2 or is_prose(grid) or is_list(grid):
        return None
    return join_wrapped(grid)


def _edges(block: list[Row]) -> list[float]:
    """Where the columns part: in gaps that nearly all rows share."""
    parted = [row for row in block if row.is_parted]
    left = min(row.left for row in block)
    size = median(row.height for row in parted)
    width = int(max(row.right for row in block) - left) + 2
    covered = [0] * width  # by how many rows, at each point
    for row in parted:
        for phrase in row.phrases:
            for at in range(
                max(0, int(phrase.left - left)), min(width, int(phrase.right - left) + 1)
            ):
                covered[at] += 1
    # A heading may lie across a gap, but in a short table that would be half of it.
    most = 0 if len(parted) < 5 else max(1, int(0.12 * len(parted)))
    edges: list[float] = []
    at = 0
    while at < width:
        end = at
        while end < width and covered[end] <= most:
            end += 1
        if at > 0 and end < width and end - at >= 0.35 * size:
            emptiest = min(covered[at:end])
            places = [place for place in range(at, end) if covered[place] == emptiest]
            edges.append(left + places[len(places) // 2])
        at = max(end, at + 1)
    return edges


def _cells(row: Row, edges: Sequence[float], size: float) -> list[Words]:
    """The words of a row by the column. A phrase across an edge goes where it begins, unless its
    words part there."""
    cells: list[Words] = [[] for _ in range(len(edges) + 1)]
    for phrase in row.phrases:
        parts: defaultdict[int, Words] = defaultdict(list)
        for word in phrase.words:
            parts[sum(edge <= (word.left + word.right) / 2 for edge in edges)].append(word)
        columns = sorted(parts)
        if len(columns) > 1:
            is_crossed = any(
                word.left < edge < word.right for word in phrase.words for edge in edges
            )
            are_apart = all(
                min(word.left for word in parts[after]) - max(word.right for word in parts[before])
                > 0.32 * size
                for before, after in pairwise(columns)
            )
            if is_crossed or not are_apart:
                parts = defaultdict(list, {columns[0]: phrase.words})
        for column, words in parts.items():
            cells[column] += words
    return cells
