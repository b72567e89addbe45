"""The types of columns that nobody told, as their texts show them.

A guess is never a mistake: a type is only guessed if all texts are of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from webapp.parsing.extraction.values import NOTHING, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.extraction.extracted import Type
    from webapp.parsing.extraction.values import Hints

# What looks like a number, and is rather a name of something: a code with zeros in front, a
# telephone number, an account.
_CODE: Final = re.compile(r"[+\-−–]?0\d.*|\+\d[\d ]* [\d ]*|.*\d{16}.*", re.DOTALL)
_DIGIT: Final = frozenset("01")


def type_of(texts: Sequence[str], hints: Hints) -> Type:
    """The narrowest type of which all texts are that say something."""
    filled = {text for each in texts if (text := each.strip()) and text.lower() not in NOTHING}
    if not filled:
        return "text"
    if not filled & _DIGIT and _are(filled, "boolean", hints):
        return "boolean"
    if not any(map(_CODE.fullmatch, filled)):
        if _are(filled, "integer", hints) and not _are_in_doubt(filled, hints):
            return "integer"
        if _are(filled, "decimal", hints):
            return "decimal"
    return "date" if _are(filled, "date", hints) else "text"


def _are(texts: set[str], type_: Type, hints: Hints) -> bool:
    return not any(value_of(text, type_, hints)[1] for text in texts)


def _are_in_doubt(texts: set[str], hints: Hints) -> bool:
    """Whether one of these integers would be another number as a decimal, or has decimals."""
    return any(
        value_of(text, "decimal", hints)[0] is None
        or "." in str(value_of(text, "decimal", hints)[0])
        for text in texts
        if "." in text or "," in text
    )
