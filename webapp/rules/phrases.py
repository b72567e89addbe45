"""Words and phrases as people write them in rules, found in long texts in time linear in the text.

Case does not matter, any white space separates words, and a phrase only matches whole words: `rent`
is not in `parent`. A `*` at the beginning or the end of a word stands for any letters: `rent*` is
in `rental`. There is nothing else to a phrase, so none can make a search slow.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

MOST_CHARACTERS: Final = 100

# Enough to tell something; a single letter is in every text.
_FEWEST_LETTERS: Final = 2
# The time to order the accents of one letter is quadratic in their number.
_PIECE: Final = 1000


def folded(text: str) -> str:
    """A text as phrases are looked for in it: without case, each letter in one encoding."""
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces).casefold()


def mistake_in(phrase: str) -> str | None:
    """What is wrong with a phrase, as a sentence."""
    if len(phrase) > MOST_CHARACTERS:
        return f"Longer than {MOST_CHARACTERS} characters."
    for word in phrase.split():
        bare = word.strip("*")
        if "*" in bare or len(word) - len(bare) > 1:
            return "A word may have one *, at its beginning or its end."
        if not bare:
            return "A * needs letters before or after it."
    if sum(map(str.isalnum, phrase)) < _FEWEST_LETTERS:
        return f"Needs at least {_FEWEST_LETTERS} letters or digits."
    return None


def is_in(phrase: str, text: str) -> bool:
    """Whether a phrase without mistakes is in a folded text."""
    longest, pattern = _compiled(phrase)
    # Finding a plain string is so quick that hundreds of rules cost nothing where they do not
    # match.
    return longest in text and pattern.search(text) is not None


@lru_cache(maxsize=5000)
def _compiled(phrase: str) -> tuple[str, re.Pattern[str]]:
    words = folded(phrase).split()
    longest = max((word.strip("*") for word in words), key=len)
    # With at most one star in each word, no two parts of the pattern can match the same letters.
    inner = r"\s+".join(
        re.escape(word.strip("*")).join(
            (r"\w*" if word.startswith("*") else "", r"\w*" if word.endswith("*") else "")
        )
        for word in words
    )
    inner = inner.removeprefix(r"\w*").removesuffix(r"\w*")
    before = "" if words[0].startswith("*") or not words[0][0].isalnum() else r"(?<!\w)"
    after = "" if words[-1].endswith("*") or not words[-1][-1].isalnum() else r"(?!\w)"
    return longest, re.compile(before + inner + after)
