"""What looks like a table by its gaps, but is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webapp.parsing.tables.numbers import is_number

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid

_BULLET = re.compile(r"[•●▪■◦–\-*o·]")
_MARK = re.compile(
    r"\(?[0-9ivxlc]{1,4}[.)]|(?:\d{1,3}\.)+\d{0,3}|\(?[*:†‡]{1,3}\)?|[•●▪■◦–\-*o]|\(?[a-z][.)]"
)


def is_prose(grid: Grid) -> bool:
    """Whether cells are so long, and so rarely numbers, that they are lines of text in columns."""
    texts = [text for row in grid.texts() for text in row if text]
    numbers = sum(map(is_number, texts)) / len(texts)
    length = sum(map(len, texts)) / len(texts)
    columns = len(grid.rows[0])
    if columns <= 3 and numbers < 0.12 and length > 22:
        return True
    if numbers < 0.05 and length > 34:
        return True
    return len(grid.rows) < 3 and numbers < 0.3


def is_list(grid: Grid) -> bool:
    """Whether the first of two columns has bullets, numbers or letters of a list."""
    if len(grid.rows[0]) != 2:
        return False
    texts = grid.texts()
    leading = [row[0] for row in texts if row[0]]
    if sum(bool(_BULLET.fullmatch(text)) for text in leading) > 0.4 * len(leading):
        return True
    following = [row[1] for row in texts if row[1]]
    if sum(map(is_number, following)) >= 0.4 * len(following):
        return False
    return sum(bool(_MARK.fullmatch(text)) for text in leading) > 0.4 * len(leading)


def is_sparse(grid: Grid) -> bool:
    """Whether most places are empty: the words of a drawing, such as the axes of a chart."""
    filled = sum(sum(map(bool, row)) for row in grid.rows)
    return filled < 0.3 * len(grid.rows) * len(grid.rows[0])


def is_too_little(grid: Grid) -> bool:
    """Whether there are only a few rows, and no numbers below each other, which might as well be
    lines of text that happen to be beside each other: at the end of a letter, or in a drawing."""
    following = [text for row in grid.texts() for text in row[1:] if text]
    return len(grid.rows) < 4 and sum(map(is_number, following)) < 0.05 * len(following)
