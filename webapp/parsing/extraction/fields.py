"""Fields: what patterns find in the text of a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.documents.document import Box
from webapp.parsing.extraction.extracted import ExtractedField
from webapp.parsing.extraction.patterns import compiled
from webapp.parsing.extraction.values import Hints, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webapp.parsing.documents.document import Page
    from webapp.parsing.extraction.patterns import Stopwatch

_LONGEST: Final = 1_000  # characters of a field
# Of a hundred words on a good scan, OCR reads some five wrong.
_READ_BY_OCR: Final = 0.95
_WORD: Final = re.compile(r"\S+")


def fields_of(
    asked: Sequence[Mapping[str, Any]], pages: Sequence[Page], stopwatch: Stopwatch
) -> list[ExtractedField]:
    """Each field that a configuration asks for, found or not: the first place in the document where
    its pattern is, or what the pattern's first group has there."""
    return [_field(field, pages, stopwatch) for field in asked]


def _field(asked: Mapping[str, Any], pages: Sequence[Page], stopwatch: Stopwatch) -> ExtractedField:
    name, type_ = asked["name"], asked.get("type", "text")
    with stopwatch.running(f"the field {name!r}"):
        pattern = compiled(asked["pattern"])
        group = 1 if pattern.groups else 0
        found = next(
            ((page, match) for page in pages if (match := pattern.search(page.text))), None
        )
    if found is None or found[1][group] is None:
        return ExtractedField(name, type_)
    page, match = found
    text = " ".join(match[group].split())[:_LONGEST].rstrip()
    value, _ = value_of(text, type_, Hints(asked.get("decimal"), asked.get("date_order")))
    confidence = _READ_BY_OCR if page.origin == "ocr" else 1.0
    return ExtractedField(
        name, type_, text, value, page.number, _box(page, *match.span(group)), confidence
    )


def _box(page: Page, start: int, end: int) -> Box | None:
    """Around the words of a page that are at least partly between two places in its text."""
    if not page.boxes or start == end:
        return None
    numbers = [
        number
        for number, word in enumerate(_WORD.finditer(page.text))
        if word.start() < end and word.end() > start
    ]
    sides = [page.boxes[4 * number : 4 * number + 4] for number in numbers]
    if not all(len(each) == 4 for each in sides) or not sides:
        return None
    lefts, tops, rights, bottoms = zip(*sides, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
