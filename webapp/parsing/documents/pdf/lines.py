"""The text of a page, line by line, with the box of each word."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from webapp.parsing.documents.pdf.characters import HYPHEN
from webapp.parsing.documents.pdf.words import turned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord

# As fractions of a line's height.
_SHARED = 0.4  # how much of the shorter of two words overlaps the other, in one line
_BACK = 0.3  # how far the next word may start before the end of the last one
_APART = 0.6  # the gap between two paragraphs
_LARGER = 1.3  # a heading's letters to those of text


class Frame:
    """How a page is shown: which part of its plane, turned by how many quarters to the right."""

    def __init__(self, box: tuple[float, float, float, float], quarters: int) -> None:
        self._box, self._quarters = box, quarters
        left, bottom, right, top = box
        self.width, self.height = right - left, top - bottom
        if quarters % 2:
            self.width, self.height = self.height, self.width

    def shown(
        self, left: float, bottom: float, right: float, top: float
    ) -> tuple[float, float, float, float]:
        """A box of the plane (left, bottom, right, top) as left, top, right, bottom, measured from
        the upper left corner of the page as shown."""
        x, y = self._box[:2]
        left, bottom, right, top = turned(
            left - x, bottom - y, right - x, top - y, -self._quarters % 4
        )
        # Turning moved the page to another side of the origin.
        across = self.width if self._quarters in {2, 3} else 0.0
        up = self.height if self._quarters in {1, 2} else 0.0
        left, right, bottom, top = left + across, right + across, bottom + up, top + up
        return left, self.height - top, right, self.height - bottom


def text_of(words: Sequence[PlacedWord], frame: Frame) -> tuple[str, array[float]]:
    """The text and four numbers for each word of it, as in `document.Page`."""
    parts: list[str] = []
    boxes = array("f")
    before: PlacedWord | None = None
    for word in words:
        between = "" if before is None else _between(before, word)
        if parts and parts[-1].endswith(HYPHEN):
            if between != " " and word.text[0].islower():
                # The rest of a hyphenated word; its box is that of the first part.
                parts[-1] = parts[-1][:-1] + word.text
                before = word
                continue
            parts[-1] = parts[-1][:-1] + "-"
        parts += [between, word.text]
        plane = turned(word.left, word.bottom, word.right, word.top, -word.quarters % 4)
        boxes.extend(frame.shown(*plane))
        before = word
    return "".join(parts).replace(HYPHEN, "-"), boxes


def _between(before: PlacedWord, word: PlacedWord) -> str:
    """What separates two consecutive words: a space, a line end, or two."""
    if before.quarters != word.quarters:
        return "\n\n"
    lower = min(before.height, word.height)
    shared = min(before.top, word.top) - max(before.bottom, word.bottom)
    height = max(before.height, word.height)
    if shared > _SHARED * lower and (
        word.left > before.right - _BACK * height or word.right < before.left + _BACK * height
    ):
        return " "
    gap = before.bottom - word.top
    is_next = -0.5 * height < gap < _APART * height and height < _LARGER * lower
    return "\n" if is_next else "\n\n"
