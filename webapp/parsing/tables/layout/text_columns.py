"""Columns of prose, which often stand beside tables and drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.rows import phrases_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.rows import Phrase

_FEWEST_LINES = 6
# A line of it has so many words and letters, and begins where the others do.
_WORDS, _LETTERS = 4, 20
_SAME_LEFT = 2.5  # points
_APART = 1.2  # of a line's height: more is between two of them, so they are two columns
# Most lines are nearly as wide as the widest, and many go on with a sentence in lower case. The
# labels of a table are of all widths, and begin with capitals.
_WIDE, _SHARE_WIDE, _SHARE_LOWER = 0.8, 0.6, 0.3


@dataclass(slots=True)
class _Column:
    phrases: list[Phrase]
    bottom: float

    def is_prose(self) -> bool:
        if len(self.phrases) < _FEWEST_LINES:
            return False
        widths = [phrase.right - phrase.left for phrase in self.phrases]
        wide = sum(width > _WIDE * max(widths) for width in widths)
        lower = sum(phrase.words[0].text[0].islower() for phrase in self.phrases)
        count = len(self.phrases)
        return wide >= _SHARE_WIDE * count and lower >= _SHARE_LOWER * count


def without_text_columns(lines: Sequence[list[PlacedWord]]) -> list[list[PlacedWord]]:
    """The lines without words that stand in a column of prose."""
    columns = [column for column in _columns(lines) if column.is_prose()]
    if not columns:
        return list(lines)
    areas = []
    for column in columns:
        words = [word for phrase in column.phrases for word in phrase.words]
        areas.append(
            (
                min(word.left for word in words) - _SAME_LEFT,
                min(word.bottom for word in words) - 1,
                max(word.right for word in words) + _SAME_LEFT,
                max(word.top for word in words) + 1,
            )
        )
    kept = [
        [
            word
            for word in line
            if not any(
                left <= word.left
                and word.right <= right
                and bottom <= word.bottom
                and word.top <= top
                for left, bottom, right, top in areas
            )
        ]
        for line in lines
    ]
    return [line for line in kept if line]


def _columns(lines: Sequence[list[PlacedWord]]) -> list[_Column]:
    """Phrases that begin one below the other, in lines that are close together."""
    done: list[_Column] = []
    going_on: list[_Column] = []
    for line in lines:
        for phrase in phrases_of(line):
            letters = sum(len(word.text) for word in phrase.words)
            if len(phrase.words) < _WORDS or letters < _LETTERS:
                continue
            top = max(word.top for word in phrase.words)
            bottom = min(word.bottom for word in phrase.words)
            near = [
                column
                for column in going_on
                if abs(column.phrases[-1].left - phrase.left) < _SAME_LEFT
                and column.bottom - top < _APART * phrase.height
            ]
            if near:
                near[0].phrases.append(phrase)
                near[0].bottom = bottom
            else:
                going_on.append(_Column([phrase], bottom))
        lowest = min(word.bottom for word in line)
        ended = [each for each in going_on if each.bottom - lowest > 3 * each.phrases[-1].height]
        done += ended
        going_on = [each for each in going_on if each not in ended]
    return done + going_on
