"""When tasks are due, remind, and follow each other."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from webapp.rules.recurrence import LAST_DAY, comes_again, next_due

if TYPE_CHECKING:
    from datetime import tzinfo

    Task = dict[str, Any]

_FIRST_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT: Final = datetime.combine(LAST_DAY, time.min, UTC)


@cache
def _zones() -> frozenset[str]:
    # Where there is a `localtime`, it is whatever the server's is.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def is_time_zone(name: str) -> bool:
    """Whether a time zone of the IANA database has this name."""
    return name in _zones()


def zone_of(task: Task) -> tzinfo:
    """The time zone of a task."""
    return UTC if task["time_zone"] is None else ZoneInfo(task["time_zone"])


def due_moment(task: Task) -> datetime | None:
    """When a task is due, or when the day begins on which it is; None if it is not."""
    if task["due_on"] is None:
        at: datetime | None = task["due_at"]
        return at
    return datetime.combine(task["due_on"], time.min, zone_of(task)).astimezone(UTC)


def mistakes_in(task: Task) -> dict[str, str]:
    """What is wrong with a task's times, by field. Its fields by themselves are valid."""
    if task["due_at"] is not None and task["due_on"] is not None:
        return {"due_on": "Give due_at or due_on, not both."}
    due = due_moment(task)
    if task["remind_minutes_before"] is not None and due is None:
        return {"remind_minutes_before": "Needs a due time or a due day."}
    if task["recurrence"] is None:
        return {}
    if due is None:
        return {"due_at": "A recurring task needs a due time or a due day."}
    if not comes_again(task["recurrence"], due, zone_of(task)):
        return {"recurrence": "Never comes due again."}
    return {}


def reminder(task: Task) -> datetime | None:
    """When to remind of a task: so long before it is due, or before that day begins, or at a set
    time."""
    due, minutes = due_moment(task), task["remind_minutes_before"]
    if due is None or minutes is None:
        at: datetime | None = task["remind_at"]
        return at
    before = timedelta(minutes=minutes)
    # An imported task may be due when nothing is before it.
    return due - before if due - _FIRST_MOMENT > before else _FIRST_MOMENT


def following(task: Task, now: datetime) -> Task | None:
    """The task that a completed one makes, with the id of the former; None if it makes none."""
    due = due_moment(task)
    if task["recurrence"] is None or due is None:
        return None
    zone, is_day = zone_of(task), task["due_on"] is not None
    begun = task["recurs_from"] or due.astimezone(zone).replace(tzinfo=None)
    found = next_due(task["recurrence"], due, now, zone, begun=begun, is_day=is_day)
    if found is None:
        return None
    next_one = task | {
        "due_at": None if is_day else found.due,
        "due_on": found.due.astimezone(zone).date() if is_day else None,
        "recurrence": found.rule,
        "recurs_from": begun,
    }
    if task["remind_minutes_before"] is None and task["remind_at"] is not None:
        next_one["remind_at"] = _as_far(task["remind_at"], due, found.due, zone)
    return next_one | {"remind_at": reminder(next_one)}


def _as_far(moment: datetime, due: datetime, next_due: datetime, zone: tzinfo) -> datetime | None:
    """The moment that is as far from the next due time as one was from another, by the clock on the
    wall; None if there is no such time."""

    def wall(at: datetime) -> datetime:
        return at.astimezone(zone).replace(tzinfo=None)

    apart = wall(moment) - wall(due)
    if next_due - _FIRST_MOMENT < -apart or _LAST_MOMENT - next_due < apart:
        return None
    return (wall(next_due) + apart).replace(tzinfo=zone).astimezone(UTC)
