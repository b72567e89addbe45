"""When a recurring task is due again: a subset of RFC 5545's RRULE.

Every accepted rule finds its next time within a few thousand steps: parts that could be combined
into dates that never occur are not accepted together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dateutil.rrule import rrulestr

if TYPE_CHECKING:
    from datetime import datetime

_DAYS: Final = "(?:MO|TU|WE|TH|FR|SA|SU)"
_NUMBER: Final = r"[1-9]\d{0,2}"
_PARTS: Final = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile(_NUMBER),
    "BYDAY": re.compile(rf"(?:(?:[1-4]|-1)?{_DAYS})(?:,(?:[1-4]|-1)?{_DAYS}){{0,6}}"),
    "BYMONTHDAY": re.compile(r"(?:-1|[1-9]|[12]\d|3[01])(?:,(?:-1|[1-9]|[12]\d|3[01])){0,30}"),
    "UNTIL": re.compile(r"\d{8}T\d{6}Z"),
    "WKST": re.compile(_DAYS),
}
_ALLOWED: Final = {
    "DAILY": {"FREQ", "INTERVAL", "UNTIL"},
    "WEEKLY": {"FREQ", "INTERVAL", "BYDAY", "UNTIL", "WKST"},
    "MONTHLY": {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "UNTIL"},
    "YEARLY": {"FREQ", "INTERVAL", "UNTIL"},
}


def mistake_in(rule: str) -> str | None:
    """What is wrong with a rule, None if nothing is."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if len(parts) != rule.count(";") + 1:
        return "Has the same part twice."
    frequency = parts.get("FREQ", "")
    if frequency not in _ALLOWED:
        return "Must begin with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY."
    if unknown := sorted(parts.keys() - _ALLOWED[frequency]):
        return f"{', '.join(unknown)[:100]} cannot be used in a {frequency} rule."
    if wrong := [name for name, value in parts.items() if not _PARTS[name].fullmatch(value)]:
        return f"The value of {', '.join(wrong)} is not valid."
    if "BYDAY" in parts and "BYMONTHDAY" in parts:
        return "Give BYDAY or BYMONTHDAY."
    if frequency == "WEEKLY" and re.search(r"\d", parts.get("BYDAY", "")):
        return "A WEEKLY rule's BYDAY takes no numbers."
    try:
        rrulestr(rule)
    except (ValueError, OverflowError):
        return "Is not an RFC 5545 rule."
    return None


def next_due(rule: str, due_at: datetime, now: datetime) -> datetime | None:
    """The rule's first time after the last one that is in the future; None if the rule has
    ended."""
    found: datetime | None = rrulestr(rule, dtstart=due_at).after(max(due_at, now))
    return found
