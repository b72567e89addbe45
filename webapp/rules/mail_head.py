"""What the headers of a mail say, at the beginning of its text as it was read."""

from __future__ import annotations

import email.utils
from datetime import date, datetime
from typing import Final, NamedTuple

_NAMES: Final = ("Subject", "From", "To", "Cc", "Date")
_MOST: Final = 1_000  # characters of a header that are looked at
_LONGEST: Final = 200  # characters of a correspondent
_EARLIEST: Final = 1970


class MailHead(NamedTuple):
    """Who sent a mail, by name or else by address; the day; and the text below the headers. None
    for what they do not say."""

    sender: str | None
    day: date | None
    body: str


def head_of(text: str) -> MailHead:
    """The headers of a mail, which readers put before its text, and what follows."""
    said: dict[str, str] = {}
    rest = text
    while rest:
        line, _, below = rest.partition("\n")
        name, separator, value = line.partition(": ")
        if not separator or name not in _NAMES or name in said:
            break
        said[name], rest = value[:_MOST], below
    return MailHead(_sender(said.get("From", "")), _day(said.get("Date", "")), rest.lstrip())


def _sender(said: str) -> str | None:
    name, address = email.utils.parseaddr(said)
    sender = " ".join((name or address).split()).strip("'\" ")
    return sender if 0 < len(sender) <= _LONGEST and sender.isprintable() else None


def _day(said: str) -> date | None:
    """The day where the sender was."""
    try:
        day = email.utils.parsedate_to_datetime(said).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            day = datetime.fromisoformat(said).date()
        except ValueError:
            return None
    return day if day.year >= _EARLIEST else None
