"""Rows that are drawn around many lines of a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import text_of
from webapp.parsing.tables.layout.rows import lines_of
from webapp.parsing.tables.numbers import is_number

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid, Words

_APART = 0.7  # of a line's height: more white space than between the lines of a paragraph


def split_rows(grid: Grid) -> Grid:
    """The grid with each row parted into its lines, or into groups of lines with white space
    between them, where those are rows of their own."""
    rows: list[list[Words]] = []
    first: list[int] = []  # where each row begins now
    for row in grid.rows:
        first.append(len(rows))
        lines = lines_of(word for words in row for word in words)
        rows += _lines(row, lines) or _groups(row, lines) or [row]
    first.append(len(rows))
    spans = {
        (first[row], column): (first[row + down] - first[row], right)
        for (row, column), (down, right) in grid.spans.items()
    }
    return replace(grid, rows=rows, spans=spans)


def _lines(row: list[Words], lines: list[Words]) -> list[list[Words]]:
    """A row by its lines, if most cells of most lines are filled, with numbers except for the
    first: only the first and last row of the table have lines drawn around them."""
    filled = [column for column, words in enumerate(row) if words]
    if len(lines) < 2 or len(filled) < 2:
        return []
    parts = [_part(row, line) for line in lines]
    values = [
        is_number(text_of(part[column])) for part in parts for column in filled[1:] if part[column]
    ]
    full = sum(1 for part in parts if sum(map(bool, part)) >= max(2, 0.6 * len(filled)))
    are_numbers = bool(values) and sum(values) >= 0.6 * len(values)
    return parts if are_numbers and full >= max(2, 0.5 * len(parts)) else []


def _groups(row: list[Words], lines: list[Words]) -> list[list[Words]]:
    """A row by its groups of lines, if each of them begins with a label in the first cell and two
    or more say something beside it: lines are only drawn around what the first label is over. A
    cell of several paragraphs has no label for each."""
    groups: list[Words] = []
    for line in lines:
        if groups and min(word.bottom for word in groups[-1]) - max(
            word.top for word in line
        ) < _APART * max(word.height for word in line):
            groups[-1] += line
        else:
            groups.append(list(line))
    parts = [_part(row, group) for group in groups]
    beside = sum(any(part[1:]) for part in parts)
    return parts if beside >= 2 and all(map(_begins_with_label, parts)) else []


def _begins_with_label(part: list[Words]) -> bool:
    label, *others = part
    rest = [word for words in others for word in words]
    return bool(label) and all(
        max(word.top for word in label) > (word.bottom + word.top) / 2 for word in rest
    )


def _part(row: list[Words], words: Words) -> list[Words]:
    """The cells of a row with some of its words only."""
    own = set(map(id, words))
    return [[word for word in cell if id(word) in own] for cell in row]
