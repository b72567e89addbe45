"""Which of many tags a text may be about: those whose trigrams it has.

A prompt that carries every tag of a workspace costs more than the text, and drowns it. Trigrams
forgive endings and small mistakes in any language: `gardens` is near enough to `garden`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The share of a name's trigrams that the text must contain.
_ENOUGH: Final = 0.6
# Characters of a text that are looked at: a second of a slow machine would be five times as many.
_LONGEST: Final = 100_000
_WORD: Final = re.compile(r"\w+")


def shortlist(names: Sequence[str], text: str, *, most: int) -> list[str]:
    """At most so many of some names: those that the text resembles, closest first, then the others
    in order."""
    if len(names) <= most:
        return list(names)
    present = set(_trigrams(text[:_LONGEST]))
    scores = {}
    for name in names:
        wanted = set(_trigrams(name))
        scores[name] = len(wanted & present) / len(wanted) if wanted else 0.0
    near = [name for name in names if scores[name] >= _ENOUGH]
    near.sort(key=lambda name: -scores[name])
    return list(dict.fromkeys([*near, *names]))[:most]


def _trigrams(text: str) -> Iterable[str]:
    """As PostgreSQL's pg_trgm makes them: of each word, with two spaces before it and one after."""
    for word in _WORD.findall(text.casefold()):
        padded = f"  {word} "
        for place in range(len(padded) - 2):
            yield padded[place : place + 3]
