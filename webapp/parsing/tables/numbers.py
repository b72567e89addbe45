"""Tells what is a number, or stands in place of one, in a cell."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# With signs, currencies, units of percent, footnote marks and brackets around it.
_NUMBER = re.compile(
    r"[(\[<>~≈±+\-–−$€£¥%*#]*\s*[$€£¥]?\.?\d[\d.,:/'\s\-–−%)\]*†‡]*[KMB]?[€$£¥%)\]*]*"
)
_DIGITS = re.compile(r"[(+\-−–$€£]?\d[\d.,]*[)%*]*")
_THOUSANDS = re.compile(r"\d{3}(?!\d)")
_INSTEAD = frozenset("- – — -- .. ... … : n/a na n.a. nd x • ✓ ✗ * yes no".split())
_PLAIN, _FEWEST_OF_SCALE = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?"), 3
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s?[-–/]\s?(?:\d\d){1,2})?[a-z*]?")


def is_number(text: str) -> bool:
    """Whether a cell's text is a number, or a sign that there is none."""
    return bool(_NUMBER.fullmatch(text)) or text.lower() in _INSTEAD


def are_two_numbers(before: str, after: str) -> bool:
    """Whether two words are numbers of their own, not the thousands of one written with spaces."""
    is_one = _THOUSANDS.match(after) and before[-3:].isdigit() and len(before.lstrip("+-−–(")) <= 3
    return not is_one and bool(_DIGITS.fullmatch(before) and _DIGITS.fullmatch(after))


def are_ascending(texts: Sequence[str]) -> bool:
    """Whether texts are a scale: three numbers or more, each larger than the one before."""
    numbers = [text.replace(",", "") for text in texts]
    return (
        len(numbers) >= _FEWEST_OF_SCALE
        and all(map(_PLAIN.fullmatch, numbers))
        and all(float(before) < float(after) for before, after in pairwise(numbers))
    )


def is_year(text: str) -> bool:
    """A year or a span of years, which are headings more often than values."""
    return bool(_YEAR.fullmatch(text))
