"""Tables whose columns are told by white space."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from operator import ne
from statistics import median
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.blocks import Row, blocks_of
from webapp.parsing.tables.layout.dashes import typed_rulings
from webapp.parsing.tables.layout.grid import Grid, area_of
from webapp.parsing.tables.layout.group_titles import with_group_titles
from webapp.parsing.tables.layout.heading_lines import is_framed
from webapp.parsing.tables.layout.headings import with_headings
from webapp.parsing.tables.layout.leaders import is_leader, without_leader_gaps
from webapp.parsing.tables.layout.margins import headings_above, without_margins
from webapp.parsing.tables.layout.prose import is_list, is_prose, is_sparse, is_too_little
from webapp.parsing.tables.layout.repeated import without_next_table
from webapp.parsing.tables.layout.rows import lines_of
from webapp.parsing.tables.layout.text_columns import without_text_columns
from webapp.parsing.tables.layout.wrapping import join_wrapped
from webapp.parsing.tables.numbers import are_two_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.grid import Words
    from webapp.parsing.tables.layout.rulings import Ruling

# A gap counts where it is as wide as this, of a line's height, and its column is parted from the
# next one by as much.
_GAP, _APART = 0.43, 0.32
# Numbers may be closer together, as in `phrases_of`, where they are below each other.
_GAP_OF_NUMBERS, _NEARLY_ALL, _BELOW_EACH_OTHER = 0.3, 0.8, 3
# A heading may lie across a gap, and some rows; but not in a table of fewer rows.
_CROSSING, _FEW_ROWS = 0.12, 5


def spaced_grids(
    words: Sequence[PlacedWord], across: Sequence[Ruling], down: Sequence[Ruling]
) -> Iterator[Grid]:
    """The tables in words that no lines enclose; there may be lines between rows or columns."""
    words, typed = typed_rulings(words)
    across = [*across, *typed]
    lines = without_text_columns(lines_of(words))
    for block, above in blocks_of([Row.of(line) for line in lines], across):
        for part in without_next_table(block, across):
            before = above if part[0] is block[0] else []
            whole = [*headings_above(part, before, across), *part]
            if grid := _grid(without_margins(whole, across), across, down):
                yield grid


def _grid(block: list[Row], across: Sequence[Ruling], down: Sequence[Ruling]) -> Grid | None:
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
        or (is_prose(grid) and not is_framed(grid, across))
        or is_sparse(grid)
    ):
        return None
    whole = with_group_titles(join_wrapped(with_headings(grid, edges, across, down, size)))
    return None if is_too_little(whole) else whole


def edges_of(block: Sequence[Row]) -> list[float]:
    """Where the columns part: in gaps that nearly all rows share."""
    parted = [row for row in block if row.is_parted]
    if not parted:
        return []
    size = median(row.height for row in parted)
    whole = [[(phrase.left, phrase.right) for phrase in row.phrases] for row in block]
    apart = [
        [extent for phrase in row.phrases for extent in without_leader_gaps(phrase.words)]
        for row in block
    ]
    # Where many values come so close to their leaders, it is a table of contents, or an index.
    is_rare = sum(map(ne, whole, apart)) <= _CROSSING * len(block)
    extents = [each for each in (apart if is_rare else whole) if len(each) > 1]
    most = 0 if len(extents) < _FEW_ROWS else max(1, int(_CROSSING * len(extents)))
    start = min(left for (left, _), *_ in extents)
    edges: list[float] = []
    run: list[tuple[int, float, float]] = []
    for stretch in _stretches(extents):
        if stretch[0] <= most:
            run.append(stretch)
            continue
        if run and run[0][1] > start:
            _, begin, end = min(run, key=lambda each: (each[0], each[1] - each[2]))
            edge = (begin + end) / 2
            least = _GAP_OF_NUMBERS if _parts_numbers(parted, edge) else _GAP
            if run[-1][2] - run[0][1] >= least * size:
                edges.append(edge)
        run = []
    return edges


def _parts_numbers(rows: Sequence[Row], edge: float) -> bool:
    """Whether nearly all that is beside each other at an edge are numbers."""
    beside = [
        are_two_numbers(before.words[-1].text, after.words[0].text)
        for row in rows
        for before, after in pairwise(row.phrases)
        if before.right <= edge <= after.left
    ]
    return sum(beside) >= max(_BELOW_EACH_OTHER, _NEARLY_ALL * len(beside))


def _stretches(
    extents: Sequence[Sequence[tuple[float, float]]],
) -> list[tuple[int, float, float]]:
    """The stretches from left to right, each with how many rows cover it."""
    ends = sorted(
        (at, step)
        for row in extents
        for left, right in row
        for at, step in ((left, 1), (right, -1))
    )
    found = []
    count = 0
    for (at, step), (next_, _) in pairwise(ends):
        count += step
        if next_ > at:
            found.append((count, at, next_))
    return found


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
        is_leader(parts[before][-1].text)
        or min(word.left for word in parts[after]) - max(word.right for word in parts[before])
        > _APART * size
        for before, after in pairwise(columns)
    )
    if len(columns) > 1 and (is_crossed or not are_apart):
        return {columns[0]: words}
    return dict(parts)
