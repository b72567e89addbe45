"""The day that a document is dated, found in its text.

A day is written in numbers (`26.06.2025`, `6/26/25`, `2025-06-26`) or with a month in words (`2nd
May 2005`, `May 2, 2005`, `2. Mai 2005`, `2 de mayo de 2005`). Whether day or month comes first in
numbers is learned from the dates of the same text that leave no doubt. A day after the upload
cannot be the document's, so a payment that is due later is not.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters in which dates are looked for, and in which a letter has its own.
_WITHIN: Final = 50_000
_HEAD: Final = 1_500
_EARLIEST: Final = 1900

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
            "february feb februar févr février fevrier febrero febbraio fevereiro februari",
            "march mar märz maerz mrz mars marzo março maart mrt",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mag maio mei",
            "june jun juni juin junio giugno giu junho",
            "july jul juli juillet juil julio luglio lug julho",
            "august aug août aout agosto ago augustus",
            "september sep sept septembre septiembre settembre set setembro",
            "october oct oktober okt octobre octubre ottobre ott outubro out",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))

# A number is a date only as a whole: nothing but a day's own separator may touch it. So 80101911 in
# `80101911/26.06.2025` is none, and what follows is one.
_NUMBERS: Final = re.compile(
    r"(?<![\d.\-])(?<!\d/)(?<!\d /)(?P<a>\d{1,2})(?P<separator>[./\-])(?P<b>\d{1,2})(?P=separator)"
    r"(?P<year>\d{4}|\d{2})(?![\d])(?![./\-]\d)"
    r"|(?<!\d)(?<=/)(?P<a2>\d{1,2})(?P<separator2>[.\-])(?P<b2>\d{1,2})(?P=separator2)"
    r"(?P<year2>\d{4}|\d{2})(?![\d])(?![./\-]\d)"
)
_ISO: Final = re.compile(
    r"(?<![\d.\-/])(?P<year>\d{4})(?P<separator>[.\-/])(?P<month>\d{1,2})(?P=separator)(?P<day>\d{1,2})"
    r"(?![\d])(?![./\-]\d)"
)
_DAY: Final = r"(?P<day>\d{1,2})"
_DAY_FIRST: Final = re.compile(
    rf"(?<![\d.,/\-]){_DAY}\s{{0,2}}(?:st|nd|rd|th|er|\.|º|ª)?\s{{0,2}}(?:of\s|de\s|d')?\s{{0,2}}[\-/]?"
    rf"(?P<month>{_MONTH})\.?,?[\s\-/]{{0,3}}(?:de[l]?\s)?'?(?P<year>\d{{4}}|\d{{2}})(?![\d:])",
    re.IGNORECASE,
)
_MONTH_FIRST: Final = re.compile(
    rf"(?<!\w)(?P<month>{_MONTH})\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?,?\s{{1,3}}(?P<year>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
# What stands before a document's own day, and before another one.
_OWN: Final = re.compile(
    r"(?:\bdated?|\bdatum|(?:rechnungs|beleg|ausstellungs|brief)datum|\bdate d['’ ]\w+|\bfecha|"
    r"\bdata|\bissued(?: on)?|\bfait le)[\s:.]{0,4}$",
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"(?:\bdue|\bpayable|\buntil|\bby|\bborn|\bbirth\w*|\bexpir\w+|\bvalid|\bdelivery|\bdelivered|"
    r"\bbis|\bfällig\w*|\bgeb\.?|\bgeboren\w*|\bgeburts\w*|\bgültig\w*|\bliefer\w+|\bzahlbar|\béchéance|\bnée?|"
    r"\bvencimiento|\bscadenza|\bvenciment\w+)(?:[\s:.]{1,3}\w{1,10}){0,3}[\s:.]{0,4}$",
    re.IGNORECASE,
)
_LOOK_BEHIND: Final = 40

# Characters of a line that says little more than where and when something was written. In a
# sentence, or in a row of a table, a day is what the text is about.
_SHORT_LINE: Final = 60

_LABELLED: Final = 0.97
_FIRST_IN_HEAD: Final = 0.95
_IN_A_SENTENCE: Final = 0.8
_ELSEWHERE: Final = 0.7
_AMBIGUOUS: Final = 0.6
_OF_ANOTHER: Final = 0.3


class Dated(NamedTuple):
    """A day, and how sure it is that the document is dated so, from 0 to 1."""

    day: date
    confidence: float


class _Written(NamedTuple):
    """A date as it is written: where, with the day as read and, if month and day may be swapped, as
    read the other way."""

    start: int
    day: date | None
    other: date | None
    separator: str


def date_of(text: str, latest: date, language: str | None = None) -> Dated | None:
    """The day that a text is dated, not after `latest`; None if there is none.

    The first day that is called the document's own (`Date:`), else the first one that is not
    called another's (`due`, `born`).
    """
    text = text[:_WITHIN]
    written = sorted(_numeric(text), key=lambda each: each.start)
    day_first = _day_first(written, language)
    found = [*_worded(text)]
    for each in written:
        is_sure = each.day is None or each.other is None or each.day == each.other
        day = each.day if day_first or each.day is None else each.other
        if is_sure:
            day = each.day or each.other
        elif each.separator == "." or _is_learned(written):
            is_sure = True
        if day is not None:
            found.append((each.start, day, is_sure))
    rated = [
        (_rated(text, start, is_sure=is_sure), -start, day)
        for start, day, is_sure in found
        if day.year >= _EARLIEST and day <= latest
    ]
    # The first of those that nothing is said of is likelier than those behind it.
    confidence, _, day = max(rated, default=(0.0, 0, None))
    return Dated(day, confidence) if day is not None else None


def _rated(text: str, start: int, *, is_sure: bool) -> float:
    begin = text.rfind("\n", max(0, start - _HEAD), start) + 1
    before = text[max(begin, start - _LOOK_BEHIND) : start]
    if _OTHERS.search(before):
        return _OF_ANOTHER
    rating = _ELSEWHERE
    if _OWN.search(before):
        rating = _LABELLED
    elif start < _HEAD:
        line = text[begin : begin + _SHORT_LINE + 1]
        is_alone = "\n" in line or len(line) <= _SHORT_LINE
        rating = _FIRST_IN_HEAD if is_alone else _IN_A_SENTENCE
    return rating if is_sure else min(rating, _AMBIGUOUS)


def _numeric(text: str) -> Iterator[_Written]:
    for match in _NUMBERS.finditer(text):
        a, b, year = (match[name] or match[f"{name}2"] for name in ("a", "b", "year"))
        separator = match["separator"] or match["separator2"]
        full = full_year(year)
        day_first = _day(full, int(b), int(a))
        month_first = _day(full, int(a), int(b)) if separator != "." else None
        if day_first or month_first:
            yield _Written(match.start(), day_first, month_first, separator)


def _worded(text: str) -> Iterator[tuple[int, date, bool]]:
    for match in _ISO.finditer(text):
        if day := _day(int(match["year"]), int(match["month"]), int(match["day"])):
            yield match.start(), day, True
    for pattern in (_DAY_FIRST, _MONTH_FIRST):
        for match in pattern.finditer(text):
            month = MONTHS[match["month"].lower()]
            if day := _day(full_year(match["year"]), month, int(match["day"])):
                yield match.start(), day, True


def _is_learned(written: list[_Written]) -> bool:
    """Whether a date of the text leaves no doubt about the order of day and month."""
    return any(
        (each.day is None) != (each.other is None) for each in written if each.separator != "."
    )


def _day_first(written: list[_Written], language: str | None) -> bool:
    """Whether the day comes first, by the dates that leave no doubt, else by the language: only in
    English the month may."""
    slashed = [each for each in written if each.separator != "."]
    days = sum(1 for each in slashed if each.other is None)
    months = sum(1 for each in slashed if each.day is None)
    return days > months or (days == months and language != "en")


def full_year(digits: str) -> int:
    """Two digits are of this century, or else of the last."""
    year = int(digits)
    if len(digits) == 2:
        return 2000 + year if year < 70 else 1900 + year
    return year


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
