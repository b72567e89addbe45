"""Divides a text into passages of a length that says one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters of a passage: a paragraph or two.
LONGEST: Final = 700
# Of a text, so many characters and passages are read.
MOST_CHARACTERS: Final = 500_000
MOST_PASSAGES: Final = 500
_LONGEST_TITLE: Final = 200
# Where a passage may end, best first.
_ENDS: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"[.!?…。！？]\s|[。！？]|\n"),
    re.compile(r"\s"),
)
_PAGE_END: Final = "\f"


@dataclass(frozen=True, slots=True)
class Passage:
    """`length` characters of a body from `starts_at` on (the first is 1), which are on a `page`
    (the first is 1); and the text to embed, which also has the title. Of a thing without a body,
    the passage has no characters."""

    text: str
    starts_at: int
    length: int
    page: int


def passages_of(title: str | None, summary: str | None, body: str | None) -> list[Passage]:
    """The passages of a thing, up to 500; none if it has no letter or digit at all.

    Pages are divided by form feeds, and no passage is on two.
    """
    heading = (title or "").strip()[:_LONGEST_TITLE]
    body = (body or "")[:MOST_CHARACTERS]
    found: list[Passage] = []
    for start, end, page in _pieces(body):
        said = body[start:end]
        if not any(map(str.isalnum, said)):
            continue
        parts = (heading, *(() if found else (summary,)), said)
        text = "\n".join(part for part in parts if part)
        found.append(Passage(text, start + 1, end - start, page))
        if len(found) == MOST_PASSAGES:
            break
    if not found:
        text = "\n".join(part for part in (heading, summary) if part)
        return [Passage(text, 1, 0, 1)] if any(map(str.isalnum, text)) else []
    return found


def _pieces(body: str) -> Iterator[tuple[int, int, int]]:
    """Where passages start and end, and their page."""
    start = 0
    for page, text in enumerate(body.split(_PAGE_END), start=1):
        place = start
        while place < start + len(text):
            end = min(place + LONGEST, start + len(text))
            if end < start + len(text):
                end = _last_end(body, place, end)
            yield place, end, page
            place = end
        start += len(text) + 1


def _last_end(body: str, start: int, end: int) -> int:
    """The best place to end in the second half; `end` if there is none."""
    middle = start + (end - start) // 2
    for mark in _ENDS:
        ends = [found.end() for found in mark.finditer(body, middle, end)]
        if ends:
            return ends[-1]
    return end
