"""When a recurring task is due again: the RRULE of RFC 5545, by days.

This is code of our own because of what libraries do with a rule that never comes due, such as
one for the 30th of February: they look for it until the year 9999, which takes seconds. Here each
search ends after a fixed number of periods. And because of the ends of months: a rule that names no
day keeps that of its beginning, and in a shorter month takes the last one, which RFC 7529 calls
SKIP=BACKWARD.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

# The last day that PostgreSQL, Python and JSON can all represent, whatever the time zone.
LAST_DAY: Final = date(9999, 12, 29)

LONGEST_RULE: Final = 200  # characters

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = f"(?:{'|'.join(_DAYS)})"


def _list_of(one: str) -> re.Pattern[str]:
    return re.compile(f"{one}(?:,{one})*")


_PARTS: Final = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile("0*[1-9][0-9]{0,2}"),
    "COUNT": re.compile("0*[1-9][0-9]{0,3}"),
    "UNTIL": re.compile("[0-9]{8}(?:T[0-9]{6}Z?)?"),
    "BYMONTH": _list_of("(?:0?[1-9]|1[0-2])"),
    "BYMONTHDAY": _list_of("[+-]?(?:0?[1-9]|[12][0-9]|3[01])"),
    "BYDAY": _list_of(f"(?:[+-]?(?:0?[1-9]|[1-4][0-9]|5[0-3]))?{_DAY}"),
    "BYSETPOS": _list_of("[+-]?[1-9][0-9]{0,2}"),
    "WKST": re.compile(_DAY),
}

_COUNT: Final = re.compile("COUNT=[0-9]+")

# The last period of each frequency, and how many without a day there may be in a row. A 29 February
# on a certain weekday comes within forty years, and the calendar repeats itself after 400.
_LAST: Final = LAST_DAY.toordinal()
_LAST_PERIODS: Final = {
    "DAILY": _LAST,
    "WEEKLY": _LAST // 7,
    "MONTHLY": 9999 * 12 + 11,
    "YEARLY": 9999,
}
_MOST_EMPTY: Final = {"DAILY": 15_000, "WEEKLY": 15_000, "MONTHLY": 4_800, "YEARLY": 400}


class Next(NamedTuple):
    """When the next one is due, and its rule."""

    due: datetime
    rule: str


class _Rule(NamedTuple):
    frequency: str
    interval: int
    times: int | None
    until: str | None
    months: frozenset[int]
    names_months: bool
    month_days: tuple[int, ...]
    days: tuple[
        tuple[int, int], ...
    ]  # which one of the period, 0 for all, and the weekday, 0 for Monday
    positions: tuple[int, ...]
    week_start: int


def plain(rule: str) -> str:
    """A rule in the form in which it is stored: capitals, without the name of its property and
    without empty parts."""
    parts = rule.strip().upper().removeprefix("RRULE:").split(";")
    return ";".join(part.strip() for part in parts if part.strip())


def mistake_in(rule: str) -> str | None:
    """What is wrong with a rule in its plain form, None if nothing is."""
    if len(rule) > LONGEST_RULE:
        return f"Longer than maximum length {LONGEST_RULE}."
    pairs = [part.partition("=")[::2] for part in rule.split(";")]
    parts = dict(pairs)
    if len(parts) < len(pairs):
        return "Has the same part twice."
    frequency, days = parts.get("FREQ", ""), parts.get("BYDAY", "")
    if frequency not in _LAST_PERIODS:
        return "Must have FREQ=DAILY, WEEKLY, MONTHLY or YEARLY."
    if unknown := sorted(parts.keys() - _PARTS.keys()):
        return f"{', '.join(unknown)[:100]} cannot be used here."
    if wrong := [name for name, value in parts.items() if not _PARTS[name].fullmatch(value)]:
        return f"The value of {', '.join(wrong)} is not valid."
    numbers = [int(number) for number in re.findall("[+-]?[0-9]+", days)]
    if numbers and (frequency in ("DAILY", "WEEKLY") or "BYMONTHDAY" in parts):
        return "Only a MONTHLY or YEARLY rule without BYMONTHDAY takes numbers in BYDAY."
    if any(abs(number) > 5 for number in numbers) and not (
        frequency == "YEARLY" and "BYMONTH" not in parts
    ):
        return "A month has no weekday more than five times."
    if frequency == "WEEKLY" and "BYMONTHDAY" in parts:
        return "A WEEKLY rule takes no BYMONTHDAY."
    if "COUNT" in parts and "UNTIL" in parts:
        return "Give COUNT or UNTIL, not both."
    if "BYSETPOS" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH"}:
        return "BYSETPOS chooses among days: give BYDAY or BYMONTHDAY, too."
    try:
        _end(parts.get("UNTIL", "20000101"), UTC, is_day=False)
    except ValueError:
        return "The value of UNTIL is not a date."
    return None


def comes_again(rule: str, due: datetime, zone: tzinfo = UTC) -> bool:
    """Whether a valid rule has any time after `due`, however many it gives, until when, and however
    late it is: the calendar repeats itself every 400 years."""
    due = due.replace(year=due.year - max(0, due.year - 1970) // 400 * 400)
    endless = ";".join(part for part in rule.split(";") if part[:6] not in ("COUNT=", "UNTIL="))
    return next_due(endless, due, due, zone) is not None


def next_due(
    rule: str,
    due: datetime,
    now: datetime,
    zone: tzinfo = UTC,
    *,
    begun: datetime | None = None,
    is_day: bool = False,
) -> Next | None:
    """The first time of a valid rule after `due` that is still to come; None if the rule has ended.

    The time of day is the same in `zone` before and after a change of clocks. If `is_day`, times
    are whole days, each given by its beginning, and a day is to come until it is over. `begun` is
    when the rule began, in `zone` and without it, unless that is `due`: it gives the day of the
    month and the time of day, and INTERVAL is counted from it. COUNT becomes what is left of it.
    """
    parsed = _parsed(rule)
    here, local = now.astimezone(zone), due.astimezone(zone)
    begun = begun or local.replace(tzinfo=None)
    if is_day:
        now = datetime.combine(here, time.min, zone) - timedelta(microseconds=1)
    end = None if parsed.until is None else _end(parsed.until, zone, is_day=is_day)
    left = parsed.times
    first = local.date() if left is not None else max(local, here).date()
    for day in _occurrences(parsed, begun.date(), first):
        at = datetime.combine(day, begun.time(), zone).astimezone(UTC)
        if at <= due:
            continue
        if left is not None:
            left -= 1
        if left == 0 or (end is not None and at > end):
            return None
        if at > now:
            return Next(at, rule if left is None else _COUNT.sub(f"COUNT={left}", rule))
    return None


def _end(until: str, zone: tzinfo, *, is_day: bool) -> datetime:
    """The last moment of a rule. Raises ValueError if there is no such date or time."""
    if is_day or len(until) == len("20260131"):
        return datetime.combine(date.fromisoformat(until[:8]), time.max, zone)
    at = datetime.fromisoformat(until.removesuffix("Z"))
    return at.replace(tzinfo=UTC if until.endswith("Z") else zone)


@lru_cache(maxsize=1000)
def _parsed(rule: str) -> _Rule:
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))

    def numbers(name: str) -> tuple[int, ...]:
        return tuple(int(each) for each in parts[name].split(",")) if name in parts else ()

    return _Rule(
        frequency=parts["FREQ"],
        interval=int(parts.get("INTERVAL", 1)),
        times=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=parts.get("UNTIL"),
        months=frozenset(numbers("BYMONTH") or range(1, 13)),
        names_months="BYMONTH" in parts,
        month_days=numbers("BYMONTHDAY"),
        days=tuple(
            (int(each[:-2] or 0), _DAYS.index(each[-2:]))
            for each in parts.get("BYDAY", "").split(",")
            if each
        ),
        positions=numbers("BYSETPOS"),
        week_start=_DAYS.index(parts.get("WKST", "MO")),
    )


def _occurrences(rule: _Rule, begun: date, after: date) -> Iterator[date]:
    """The days of a rule from `after` on; they end after many periods without any."""
    first = _period(rule, begun)
    passed = max(0, _period(rule, after) - first) // rule.interval * rule.interval
    empty = 0
    for period in range(first + passed, _LAST_PERIODS[rule.frequency] + 1, rule.interval):
        days = _chosen(rule, period, begun)
        yield from (date.fromordinal(day) for day in days if after.toordinal() <= day <= _LAST)
        empty = 0 if days else empty + 1
        if empty == _MOST_EMPTY[rule.frequency]:
            return


def _period(rule: _Rule, day: date) -> int:
    """The number of the day, week, month or year in which a day is."""
    match rule.frequency:
        case "DAILY":
            return day.toordinal()
        case "WEEKLY":
            return (day.toordinal() - 1 - rule.week_start) // 7
        case "MONTHLY":
            return day.year * 12 + day.month - 1
        case _:
            return day.year


def _chosen(rule: _Rule, period: int, begun: date) -> list[int]:
    """The days of a period that the rule means, as ordinals, in order."""
    match rule.frequency:
        case "DAILY":
            days = _of_day(rule, period)
        case "WEEKLY":
            first = period * 7 + 1 + rule.week_start
            weekdays = rule.days or ((0, begun.weekday()),)
            days = _weekdays(weekdays, first, min(first + 6, _LAST))
            days = {day for day in days if date.fromordinal(day).month in rule.months}
        case "MONTHLY":
            year, month = divmod(period, 12)
            days = _of_month(rule, year, month + 1, begun.day)
        case _:
            days = _of_year(rule, period, begun)
    found = sorted(days)
    if not rule.positions:
        return found
    places = {each - 1 if each > 0 else len(found) + each for each in rule.positions}
    return [day for place, day in enumerate(found) if place in places]


def _of_day(rule: _Rule, ordinal: int) -> set[int]:
    day = date.fromordinal(ordinal)
    if day.month not in rule.months or (rule.days and (0, day.weekday()) not in rule.days):
        return set()
    if not rule.month_days or day.day in rule.month_days:
        return {ordinal}
    from_end = day.day - monthrange(day.year, day.month)[1] - 1
    return {ordinal} if from_end in rule.month_days else set()


def _of_month(rule: _Rule, year: int, month: int, usual_day: int) -> set[int]:
    if month not in rule.months:
        return set()
    length = monthrange(year, month)[1]
    before = date(year, month, 1).toordinal() - 1
    by_day = _weekdays(rule.days, before + 1, before + length)
    if not rule.month_days:
        return by_day if rule.days else {before + min(usual_day, length)}
    days = {
        before + (day if day > 0 else length + 1 + day)
        for day in rule.month_days
        if abs(day) <= length
    }
    return days & by_day if rule.days else days


def _of_year(rule: _Rule, year: int, begun: date) -> set[int]:
    if rule.days and not rule.names_months and not rule.month_days:
        return _weekdays(rule.days, date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal())
    months = rule.months
    if not rule.names_months and not rule.month_days:
        months = frozenset({begun.month})
    return set().union(*(_of_month(rule, year, month, begun.day) for month in months))


def _weekdays(days: tuple[tuple[int, int], ...], first: int, last: int) -> set[int]:
    """Those of some weekdays from one day to another: all of each, or the one of a number."""
    found: set[int] = set()
    for number, weekday in days:
        every = range(first + (weekday - first + 1) % 7, last + 1, 7)
        if number == 0:
            found.update(every)
        elif abs(number) <= len(every):
            found.add(every[number - 1 if number > 0 else number])
    return found
