"""Dots that lead the eye from a label to its value.

There are no columns between them, and what comes after them is the value, however close it is.
Like the lines of a table they are no part of its text: who looks for a label by name does not
write them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord

_FEWEST_DOTS = 4
_AT_END = re.compile(rf"(?<=[^\s.])\s*\.{{{_FEWEST_DOTS},}}\s*$")
_GAP = 3.0  # of a dot's width: what is farther away belongs to other dots
_ASKEW = 1.0  # points


def is_leader(text: str) -> bool:
    return len(text) >= _FEWEST_DOTS and not text.strip(".")


def without_leader(text: str) -> str:
    """The text of a cell without the dots at its end, unless it has nothing else."""
    return _AT_END.sub("", text)


def with_leaders(words: Sequence[PlacedWord]) -> list[PlacedWord]:
    """The words, single dots of one leader as one word: each would be a phrase, since the gap to
    the next one is large for the height of a dot."""
    dots = sorted(
        (word for word in words if word.text == "."), key=lambda word: (word.bottom, word.left)
    )
    if len(dots) < _FEWEST_DOTS:
        return list(words)
    runs = [dots[:1]]
    for before, after in pairwise(dots):
        gap = after.left - before.right
        if after.bottom - before.bottom < _ASKEW and 0 <= gap < _GAP * (after.right - after.left):
            runs[-1].append(after)
        else:
            runs.append([after])
    leaders = [run for run in runs if len(run) >= _FEWEST_DOTS]
    joined = {
        id(first): replace(first, right=rest[-1].right, text="." * (1 + len(rest)))
        for first, *rest in leaders
    }
    dropped = {id(word) for _, *rest in leaders for word in rest}
    return [joined.get(id(word), word) for word in words if id(word) not in dropped]


def without_leader_gaps(phrase: Sequence[PlacedWord]) -> list[tuple[float, float]]:
    """From where to where a phrase is, without the gaps between leaders and what comes after."""
    found = []
    left = phrase[0].left
    for word, next_ in pairwise(phrase):
        if is_leader(word.text):
            found.append((left, word.right))
            left = next_.left
    return [*found, (left, max(word.right for word in phrase))]
