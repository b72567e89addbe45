"""When a bookmark was added, in the forms in which programs write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

# The end of the year 2199.
_LAST_SECOND: Final = 7_258_118_400
# Chrome counts from 1601, in millionths; some programs pass its numbers on.
_CHROMES_EPOCH: Final = 11_644_473_600

_NUMBER: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,9})?")
# As in the logs of web servers: 21/Mar/2021:14:39:19 +0000
_OF_A_LOG: Final = re.compile(
    r"([0-9]{1,2})/([A-Za-z]{3})/([0-9]{4}):([0-9:]{8})(?: ([+-][0-9]{4}))?"
)
_LONGEST: Final = 60


def seconds(written: Any) -> float | None:
    """A time in seconds since 1970; None if it cannot be read, or is not between 1970 and 2199.

    Numbers count seconds, or thousandths, millionths or billionths of one, as their size tells. A
    text without a zone is in UTC.
    """
    if isinstance(written, bool) or not isinstance(written, (int, float, str)):
        return None
    text = str(written).strip()
    if len(text) > _LONGEST:
        return None
    found = _of_number(float(text)) if _NUMBER.fullmatch(text) else _of_text(text)
    return found if found is not None and 0 < found < _LAST_SECOND else None


def written(moment: float | None) -> str | None:
    """A time in seconds as the API has it."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()


def _of_number(number: float) -> float:
    if number < 1e11:
        return number
    if number < 1e14:
        return number / 1e3
    if _CHROMES_EPOCH * 1e6 < number < 2 * _CHROMES_EPOCH * 1e6:
        return number / 1e6 - _CHROMES_EPOCH
    return number / (1e6 if number < 1e17 else 1e9)


def _of_text(text: str) -> float | None:
    if of_log := _OF_A_LOG.fullmatch(text):
        day, month, year, time, zone = of_log.groups()
        text = f"{day} {month} {year} {time} {zone or '+0000'}"
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text.removesuffix(" UTC"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
