"""Words by lines, and lines by phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.leaders import is_leader
from webapp.parsing.tables.numbers import are_two_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord

_SHARED = 0.5  # of the lower one's height: how much words of one line overlap
_LOOKED_BACK = 3  # lines above, to which a word may still belong
# Of a word's height: gaps inside a phrase are smaller. Between two words of different heights, the
# larger one counts, unless it is much larger: a raised number beside a word.
_GAP, _LARGER = 0.74, 1.6
_GAP_OF_NUMBERS = 0.3  # numbers are closer together in narrow columns
_GAP_OF_LEADERS = 1.0  # dots that lead from a label to its value are as far from the label


@dataclass(slots=True)
class Phrase:
    """Words of a line with no gap between them that is wider than a space."""

    left: float
    right: float
    words: list[PlacedWord]
    height: float


@dataclass(slots=True)
class _Line:
    bottom: float
    top: float
    words: list[PlacedWord]


def lines_of(words: Iterable[PlacedWord]) -> list[list[PlacedWord]]:
    """Words by lines from above, each from the left."""
    lines: list[_Line] = []
    for word in sorted(words, key=lambda word: -(word.bottom + word.top)):
        for line in reversed(lines[-_LOOKED_BACK:]):
            shared = min(word.top, line.top) - max(word.bottom, line.bottom)
            if shared > _SHARED * min(word.top - word.bottom, line.top - line.bottom):
                line.words.append(word)
                count = len(line.words)
                line.bottom += (word.bottom - line.bottom) / count
                line.top += (word.top - line.top) / count
                break
        else:
            lines.append(_Line(word.bottom, word.top, [word]))
    return [sorted(line.words, key=lambda word: word.left) for line in lines]


def phrases_of(line: Sequence[PlacedWord]) -> list[Phrase]:
    """The phrases of a line."""
    phrases: list[Phrase] = []
    for word in line:
        if phrases and _goes_on(phrases[-1], word):
            last = phrases[-1]
            last.right = max(last.right, word.right)
            last.words.append(word)
            last.height = max(last.height, word.height)
            continue
        phrases.append(Phrase(word.left, word.right, [word], word.height))
    return phrases


def _goes_on(phrase: Phrase, word: PlacedWord) -> bool:
    low, high = sorted((word.height, phrase.height))
    gap = word.left - phrase.right
    last = phrase.words[-1].text
    if is_leader(word.text):
        return gap < _GAP_OF_LEADERS * phrase.height
    if gap > _GAP_OF_NUMBERS * low and are_two_numbers(last, word.text):
        return False
    return gap < _GAP * min(high, _LARGER * low)
