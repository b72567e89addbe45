"""The words of a page, assembled from its characters by the gaps between them.

Spaces alone do not suffice: letter-spaced text has one after each letter, dense tables have none
between columns, and text printed twice to look bold would occur twice.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.parsing.documents.pdf.characters import MADE_UP, SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.parsing.documents.pdf.characters import Characters

# Gaps as fractions of a character's height. A space without width separates nothing.
_GAP, _OVERLAP = 0.22, -0.35
_GAP_AT = {SPACE: 0.03, MADE_UP: 0.18}
_GAP_OF_LEADERS, _LEADERS = 1.0, frozenset("._-·…")
_BEFORE, _OFF_THE_LINE = 0.1, 0.4
_SAME_PLACE = 1.5  # points


@dataclass(slots=True)
class PlacedWord:
    """A word in a box on the page turned so that the word can be read: x grows to the right, y
    grows upwards. `quarters` is by how many quarter turns to the left the page is turned for that.
    `height` is that of its first character. It may end with `HYPHEN`."""

    left: float
    bottom: float
    right: float
    top: float
    text: str
    height: float
    quarters: int


def turned(
    left: float, bottom: float, right: float, top: float, quarters: int
) -> tuple[float, float, float, float]:
    """A box (left, bottom, right, top) on a page that was turned to the left around its origin."""
    if quarters == 0:
        return left, bottom, right, top
    if quarters == 1:
        return -top, left, -bottom, right
    if quarters == 2:
        return -right, -top, -left, -bottom
    return bottom, -right, top, -left


def words_of(characters: Characters) -> list[PlacedWord]:
    """The words in content order, those printed twice only once."""
    seen: defaultdict[str, list[PlacedWord]] = defaultdict(list)
    found = []
    for word in _grouped(characters):
        twins = seen[word.text]
        if not any(
            abs(twin.left - word.left) < _SAME_PLACE
            and abs(twin.bottom - word.bottom) < _SAME_PLACE
            and twin.quarters == word.quarters
            for twin in twins[-20:]
        ):
            found.append(word)
            twins.append(word)
    return found


def _grouped(characters: Characters) -> Iterator[PlacedWord]:
    word: PlacedWord | None = None
    gap = _GAP
    last = (0.0, 0.0, 0.0, 0.0)
    lefts, tops, rights, bottoms = (characters.boxes[side::4].tolist() for side in range(4))
    each = zip(characters.texts, lefts, bottoms, rights, tops, characters.quarters, strict=True)
    for text, left, bottom, right, top, quarters in each:
        if text in _GAP_AT:
            gap = min(gap, _GAP_AT[text])
            continue
        if not text:
            continue
        box = (left, bottom, right, top)
        if quarters:
            left, bottom, right, top = turned(left, bottom, right, top, quarters)
        height = top - bottom
        if word is not None and quarters == word.quarters:
            if (
                top == word.top
                and bottom == word.bottom
                and gap == _GAP
                and -0.1 * height < left - word.right < 0.1 * height
            ):  # nearly all are: the rest of the code would find the same, but take longer
                word.text += text
                word.right = max(word.right, right)
                last = box
                continue
            # That is, of a ligature; only "ff" has the same letter twice.
            is_part = box == last and (text != word.text[-1] or text == "f")
            joint = is_part or _joint(word, left, right, bottom + top, height, text, gap)
            if joint:
                gap = _GAP
                last = box
                if joint != "again":
                    word.text += text
                    word.left, word.right = min(word.left, left), max(word.right, right)
                    word.top, word.bottom = max(word.top, top), min(word.bottom, bottom)
                continue
        if word is not None:
            yield word
        gap = _GAP
        last = box
        word = PlacedWord(left, bottom, right, top, text, height, quarters)
    if word is not None:
        yield word


def _joint(
    word: PlacedWord, left: float, right: float, middle: float, height: float, text: str, gap: float
) -> str:
    """How a character continues a word: `after` it, or as its last one printed `again` to look
    bold; empty if it starts another. `middle` is twice the height of its centre."""
    higher = max(word.height, height)
    if abs(middle - word.top - word.bottom) >= 2 * _OFF_THE_LINE * higher:
        return ""
    if text in _LEADERS and text == word.text[-1]:
        gap = _GAP_OF_LEADERS
    if _OVERLAP * height < left - word.right < gap * height and left > word.left - _BEFORE * height:
        is_again = left < word.right - 0.6 * (right - left) and text == word.text[-1]
        return "again" if is_again else "after"
    # Hebrew and Arabic run to the left.
    if _OVERLAP * height < word.left - right < gap * height and _is_right_to_left(text):
        return "after"
    return ""


def _is_right_to_left(text: str) -> bool:
    return unicodedata.bidirectional(text) in {"R", "AL", "NSM"}
