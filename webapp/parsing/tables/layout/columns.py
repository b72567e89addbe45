"""Tables whose columns are told by white space."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.blocks import Row, blocks_of
from webapp.parsing.tables.layout.grid import Grid, area_of
from webapp.parsing.tables.layout.headings import with_headings
from webapp.parsing.tables.layout.margins import ruled_above, without_margins
from webapp.parsing.tables.layout.prose import is_list, is_prose, is_sparse, is_too_little
from webapp.parsing.tables.layout.rows import lines_of
from webapp.parsing.tables.layout.text_columns import without_text_columns
from webapp.parsing.tables.layout.wrapping import join_wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.grid import Words
    from webapp.parsing.tables.layout.rulings import Ruling

# A gap counts where it is as wide as this, of a line's height, and its column is parted from the
# next one by as much.
_GAP, _APART = 0.35, 0.32
# A heading may lie across a gap, and some rows; but not in a table of fewer rows.
_CROSSING, _FEW_ROWS = 0.12, 5
_WIDEST = 20_000  # points: larger than any page


def spaced_grids(words: Sequence[PlacedWord], across: Sequence[Ruling]) -> Iterator[Grid]:
    """The tables in words that no lines enclose; there may be lines between the rows."""
    lines = without_text_columns(lines_of(words))
    for block, above in blocks_of([Row.of(line) for line in lines]):
        whole = [*ruled_above(block, above, across), *block]
        if grid := _grid(without_margins(whole, across), across):
            yield grid


def _grid(block: list[Row], across: Sequence[Ruling]) -> Grid | None:
    edges = edges_of(block)
    if not edges:
        return None
    size = median(row.height for row in block if row.is_parted)
    rows = [_cells(row, edges, size) for row in block]
    area = area_of(word for row in block for word in row.words)
    grid = Grid(area, rows, "white_space")
    if (
        sum(sum(map(bool, row)) >= 2 for row in rows) < 2
        or is_list(grid)
        or is_prose(grid)
        or is_sparse(grid)
    ):
        return None
    whole = join_wrapped(with_headings(grid, edges, across, size))
    return None if is_too_little(whole) else whole


def edges_of(block: Sequence[Row]) -> list[float]:
    """Where the columns part: in gaps that nearly all rows share."""
    parted = [row for row in block if row.is_parted]
    if not parted:
        return []
    left = min(row.left for row in block)
    size = median(row.height for row in parted)
    width = int(max(row.right for row in block) - left) + 2
    if width > _WIDEST:
        return []
    covered = [0] * width  # by how many rows, at each point
    for row in parted:
        for phrase in row.phrases:
            first = max(0, int(phrase.left - left))
            for at in range(first, min(width, int(phrase.right - left) + 1)):
                covered[at] += 1
    most = 0 if len(parted) < _FEW_ROWS else max(1, int(_CROSSING * len(parted)))
    edges: list[float] = []
    at = 0
    while at < width:
        end = at
        while end < width and covered[end] <= most:
            end += 1
        if at > 0 and end < width and end - at >= _GAP * size:
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
        for column, words in parted(phrase.words, edges, size).items():
            cells[column] += words
    return cells


def parted(words: Words, edges: Sequence[float], size: float) -> dict[int, Words]:
    """The words of a phrase by the column, all in the first one if they do not part at the edges
    between the columns."""
    parts: defaultdict[int, Words] = defaultdict(list)
    for word in words:
        parts[sum(edge <= (word.left + word.right) / 2 for edge in edges)].append(word)
    columns = sorted(parts)
    is_crossed = any(word.left < edge < word.right for word in words for edge in edges)
    are_apart = all(
        min(word.left for word in parts[after]) - max(word.right for word in parts[before])
        > _APART * size
        for before, after in pairwise(columns)
    )
    if len(columns) > 1 and (is_crossed or not are_apart):
        return {columns[0]: words}
    return dict(parts)
