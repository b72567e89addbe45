"""How long a server asks us to wait."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST: Final = 86_400.0  # seconds; more than a day is a refusal rather than a wait
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a response's headers ask for, at most a day; None if they ask for none.

    It reads `retry-after-ms`, which some AI providers send, and `Retry-After` in seconds or as a
    date. `headers` are looked up in lower case.
    """
    if _NUMBER.fullmatch(text := headers.get("retry-after-ms", "").strip()):
        return min(float(text) / 1000, _LONGEST)
    if _NUMBER.fullmatch(text := headers.get("retry-after", "").strip()):
        return min(float(text), _LONGEST)
    return _seconds_until(text) if text else None


def _seconds_until(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(date)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST)
