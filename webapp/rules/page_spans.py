"""Numbers of pages as in print dialogs: `1-3, 7, 10-`."""

from __future__ import annotations

import re
from typing import Final

_SPAN: Final = re.compile(r"\s*([0-9]{1,6})\s*(?:(-)\s*([0-9]{1,6})?\s*)?")


def spans_of(pages: str) -> list[tuple[int, int | None]]:
    """The first and last page of each span, the last one None if it is open. Raises ValueError for
    what is no list of pages."""
    spans: list[tuple[int, int | None]] = []
    for part in pages.split(","):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise ValueError(part)
        first = int(match[1])
        last = int(match[3]) if match[3] else None if match[2] else first
        if first < 1 or (last is not None and last < first):
            raise ValueError(part)
        spans.append((first, last))
    return spans


def has_page(pages: str | None, number: int) -> bool:
    """Whether a page is among them; without a list, each one is."""
    return pages is None or any(
        first <= number and (last is None or number <= last) for first, last in spans_of(pages)
    )
