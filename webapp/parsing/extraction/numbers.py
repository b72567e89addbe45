"""Numbers as people write them.

`1,234.50`, `1.234,50`, `1 234,50`, `1'234.50`, `12,34,567`; with currencies, percent and footnote
marks around them; negative by a sign before or behind, or by parentheses, as accountants do. What a
percentage stands for stays as written: `12.5 %` is 12.5.

`1,234` may be more than a thousand or little more than one. Which sign is the decimal one is told,
or learned from the numbers beside it that leave no doubt; otherwise it is not a number.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Sign = Literal[".", ","]

_LONGEST: Final = 100  # characters
_MOST_ZEROS: Final = 40  # that an exponent adds
_SURE_INTEGER: Final = 2**53

_MINUS: Final = r"\-−–‐‑﹣－"
_CURRENCIES: Final = (
    "EUR USD GBP CHF JPY CNY RMB SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH INR BRL MXN CAD AUD "
    "NZD ZAR KRW SGD HKD US$ A$ C$ R$ Rs Rp kr zł Kč Ft lei лв Fr"
).split()
_CURRENCY: Final = "|".join(
    [
        *(re.escape(each) for each in sorted(_CURRENCIES, key=len, reverse=True)),
        f"[{''.join(c for c in map(chr, range(0x20, 0x20D0)) if unicodedata.category(c) == 'Sc')}]",
    ]
)
_BEFORE: Final = re.compile(
    rf"(?P<currency>(?:{_CURRENCY})\.?)|(?P<sign>[{_MINUS}+])", re.IGNORECASE
)
_BEHIND: Final = re.compile(
    rf"(?:(?P<currency>(?:(?<![^\W\d])(?:{_CURRENCY}))\.?)|(?P<percent>[%‰])|(?P<sign>[{_MINUS}+]))\Z",
    re.IGNORECASE,
)
_MARKS: Final = "*†‡"
_SPACES: Final = " \u00a0\u2007\u2009\u202f'’`"


def _writings(decimal: Sign, group: Sign) -> re.Pattern[str]:
    """A number without signs, with this decimal sign. Groups begin with another digit than zero."""
    indian = r"|[1-9]\d?(?:,\d\d)+,\d{3}" if group == "," else ""
    return re.compile(
        rf"(?P<whole>[1-9]\d{{0,2}}(?P<group>[{re.escape(group)}{_SPACES}])\d{{3}}(?:(?P=group)\d{{3}})*"
        rf"{indian}|\d+)?(?:{re.escape(decimal)}(?P<fraction>\d+))?(?:[eE](?P<exponent>[+-]?\d{{1,3}}))?"
    )


_WRITINGS: Final[dict[Sign, re.Pattern[str]]] = {".": _writings(".", ","), ",": _writings(",", ".")}


def bare(text: str) -> tuple[str, bool] | None:
    """The digits of a number with what is between them, and whether it is negative; None if there
    is more around it than belongs to a number."""
    rest = text.strip().rstrip(_MARKS).strip()
    if len(rest) > _LONGEST:
        return None
    found: list[str] = []
    is_negative = False
    while rest:
        match = _BEFORE.match(rest) or _BEHIND.search(rest)
        if rest[0] == "(" and rest[-1] == ")":
            kind, sign, rest = "sign", "-", rest[1:-1]
        elif match is not None:
            kind = match.lastgroup or ""
            sign = match["sign"] or ""
            rest = rest[: match.start()] + rest[match.end() :]
        else:
            break
        if kind in found:
            return None
        found.append(kind)
        is_negative = is_negative or sign not in ("", "+")
        rest = rest.strip()
    return (rest, is_negative) if rest else None


def _read(digits: str, decimal: Sign) -> Decimal | None:
    match = _WRITINGS[decimal].fullmatch(digits)
    if match is None or (match["whole"] is None and match["fraction"] is None):
        return None
    whole = "".join(filter(str.isdecimal, match["whole"] or "0"))
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > _MOST_ZEROS:
        return None
    number = f"{whole}.{match['fraction']}" if match["fraction"] else whole
    return Decimal(number) if match["exponent"] is None else Decimal(f"{number}e{exponent}")


def decimal_sign(texts: Iterable[str]) -> Sign | None:
    """The decimal sign that all numbers among these texts have which leave no doubt."""
    signs: set[Sign] = set()
    for text in texts:
        if ("." in text or "," in text) and (found := bare(text)) is not None:
            possible = [sign for sign in _WRITINGS if _read(found[0], sign) is not None]
            if len(possible) == 1:
                signs.update(possible)
                if len(signs) > 1:
                    return None
    return signs.pop() if signs else None


def decimal_of(text: str, sign: Sign | None) -> str | None:
    """A number in canonical form, such as "-1234.50"; None if it is none, or may be several."""
    found = bare(text)
    if found is None:
        return None
    digits, is_negative = found
    numbers = {
        number
        for each in (_WRITINGS if sign is None else (sign,))
        if (number := _read(digits, each)) is not None
    }
    if len(numbers) != 1:
        return None
    number = numbers.pop()
    # Not by the minus sign, which would round it to the digits of the decimal context.
    return f"{number.copy_negate() if is_negative and number else number:f}"


def integer_of(text: str, sign: Sign | None) -> int | str | None:
    """A whole number, as a string beyond 2^53; None if it is none. Unless `sign` says otherwise, a
    dot or comma before three digits is no decimal sign."""
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    found = bare(text)
    if found is None:
        return None
    digits, is_negative = found
    numbers = {
        int(number)
        for each in (_WRITINGS if sign is None else (sign,))
        if (number := _read(digits, each)) is not None and number == int(number)
    }
    if sign is None and len(numbers) > 1:  # 1.000: one, or a thousand
        numbers = {max(numbers)}
    if len(numbers) != 1:
        return None
    value = -numbers.pop() if is_negative else numbers.pop()
    return value if abs(value) <= _SURE_INTEGER else str(value)
