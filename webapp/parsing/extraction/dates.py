"""Days as people write them.

`2025-02-28`, `28.02.2025`, `2/28/25`, `28 February 2025`, `Feb. 28, 2025`, `28. Februar 2025`, with
a weekday before and a time behind. Whether the day or the month comes first in `03/04/2025` is
told, or learned from the days beside it that leave no doubt; otherwise it is not a day. With dots,
the day comes first.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from webapp.rules.document_date import MONTHS, full_year

if TYPE_CHECKING:
    from collections.abc import Iterable

Order = Literal["dmy", "mdy", "ymd"]

_LONGEST: Final = 60  # characters
_TIME: Final = (
    r"(?:(?:T|,?\s+)\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
    r"\s*(?:[AaPp]\.?[Mm]\.?|Z|[+-]\d\d:?\d\d)?)?"
)
_WEEKDAY: Final = r"(?:[^\W\d]{2,13}\.?,?\s+)?"
_NUMBERS: Final = re.compile(rf"(\d{{1,2}})([./\-])\s?(\d{{1,2}})\2\s?(\d{{4}}|\d\d){_TIME}")
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})([./\-])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_DAY_FIRST: Final = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|ª)?[\s\-/]*(?:of\s+|de\s+|d['’])?"
    rf"(?P<month>[^\W\d]{{3,10}})\.?,?[\s\-/]*(?:del?\s+)?['’]?(?P<year>\d{{4}}|\d\d){_TIME}",
)
_MONTH_FIRST: Final = re.compile(
    rf"{_WEEKDAY}(?P<month>[^\W\d]{{3,10}})\.?[\s\-]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[\s\-]+"
    rf"(?P<year>\d{{4}}){_TIME}",
)


def date_order(texts: Iterable[str]) -> Order | None:
    """The order of day and month in all numeric days among these texts which leave no doubt."""
    orders: set[Order] = set()
    for text in texts:
        match = _NUMBERS.fullmatch(text.strip()) if len(text) < _LONGEST else None
        if match is not None and match[2] != ".":
            day_first = date_of(text, "dmy")
            month_first = date_of(text, "mdy")
            if (day_first is None) != (month_first is None):
                orders.add("dmy" if day_first else "mdy")
    return orders.pop() if len(orders) == 1 else None


def date_of(text: str, order: Order | None) -> str | None:
    """A day, such as "2025-02-28"; None if it is none, or may be several."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if match := _NUMBERS.fullmatch(text):
        return _numeric(match[1], match[2], match[3], match[4], order)
    for pattern in (_DAY_FIRST, _MONTH_FIRST):
        match = pattern.fullmatch(text)
        month = MONTHS.get(match["month"].lower()) if match else None
        if match and month:
            return _day(match["year"], str(month), match["day"])
    return None


def _numeric(a: str, separator: str, b: str, c: str, order: Order | None) -> str | None:
    """A day of three numbers, the year as last or, if told so, first."""
    if order == "ymd":
        return _day(a, b, c) if len(a) == len(c) == 2 else None
    day_first, month_first = _day(c, b, a), _day(c, a, b)
    if order is not None:
        return day_first if order == "dmy" else month_first
    if separator == "." or month_first is None or day_first == month_first:
        return day_first
    return month_first if day_first is None else None


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(full_year(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
