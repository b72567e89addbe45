"""Fills the gaps in what was extracted from a page.

Extraction judges each element by itself. So it loses lists, tables and short or repeated paragraphs
from the middle of an article, and what stands above it. What stands between two paragraphs of an
article belongs to it, if it is made of sentences or is a list, and not of links. The figures were
chosen by the benchmark `pages`.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.page_prose import joined, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.page_prose import Paragraph

_NO_LETTER: Final = re.compile(r"\W+")
_SENTENCE: Final = re.compile(r"[.!?…:;。！？।؟]\W{0,3}$")

# All in characters.
_SURE: Final = 20  # something shorter may stand anywhere by chance
_A_SENTENCE: Final = 60
_A_LEAD: Final = 120
_A_LIST: Final = 40

_LINKED: Final = 0.1  # of a paragraph's characters: with more in links, it leads elsewhere
_COVERED: Final = 0.95  # of what was extracted: else the page was read in another way
_MOST_ADDED: Final = 0.6  # of what was extracted: more is another part of the page
_MOST_PARAGRAPHS: Final = 4  # in a gap, besides lists
_MOST_READ: Final = 5_000  # paragraphs of a page: each is looked for in the text
_LEAD_WITHIN: Final = 3  # paragraphs above the first, such as a date and an author


def filled(tree: Any, body: Any) -> str:
    """The text of what trafilatura took as the article, `body`, with what it left out of it."""
    taken = list(paragraphs(body))
    found = [_letters(each.text) for each in taken]
    there = list(paragraphs(tree))
    if len(there) > _MOST_READ:
        return joined(taken)
    whole, known = "".join(found), set(found)
    keys = [_letters(each.text) for each in there]
    is_found = [key in known or (len(key) >= _SURE and key in whole) for key in keys]
    sure = [place for place, key in enumerate(keys) if is_found[place] and len(key) >= _SURE]
    covered = sum(map(len, {key for key, is_there in zip(keys, is_found, strict=True) if is_there}))
    if not sure or covered < _COVERED * sum(map(len, known)):
        return joined(taken)
    added = _lead(there, sure[0]) | _list_after(there, sure[-1])
    for is_gap, places in groupby(range(sure[0], sure[-1]), key=lambda place: not is_found[place]):
        if is_gap:
            added |= _belonging(there, list(places), len(whole))
    return joined(each for place, each in enumerate(there) if is_found[place] or place in added)


def _belonging(there: Sequence[Paragraph], gap: Sequence[int], length: int) -> set[int]:
    """What of a gap belongs to the text around it, which is so long."""
    plain = [place for place in gap if there[place].mark is None]
    if len(plain) > _MOST_PARAGRAPHS:
        return set()
    if sum(len(there[place].text) for place in gap) > _MOST_ADDED * length:
        return set()
    kept = {place for place in plain if _is_sentence(there[place], _A_SENTENCE)}
    for is_list, places in groupby(gap, key=lambda place: there[place].mark is not None):
        if is_list:
            kept |= _list(there, list(places))
    return kept


def _lead(there: Sequence[Paragraph], first: int) -> set[int]:
    """The paragraph above an article that sums it up."""
    above = range(first - 1, max(-1, first - 1 - _LEAD_WITHIN), -1)
    lead = next((place for place in above if _is_sentence(there[place], _A_LEAD)), None)
    return set() if lead is None else {lead}


def _list_after(there: Sequence[Paragraph], last: int) -> set[int]:
    """The list that an article ends with."""
    places = []
    for place in range(last + 1, len(there)):
        if there[place].mark is None:
            break
        places.append(place)
    return _list(there, places)


def _list(there: Sequence[Paragraph], places: Sequence[int]) -> set[int]:
    """The items of a list, or the rows of a table, unless they are links."""
    length = sum(len(there[place].text) for place in places)
    linked = sum(there[place].linked for place in places)
    return set(places) if length >= _A_LIST and linked <= _LINKED * length else set()


def _is_sentence(paragraph: Paragraph, shortest: int) -> bool:
    text = paragraph.text
    return (
        paragraph.mark is None
        and len(text) >= shortest
        and paragraph.linked <= _LINKED * len(text)
        and _SENTENCE.search(text) is not None
    )


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text)
