"""When tasks are due, remind, and follow each other."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from webapp.rules.recurrence import comes_again, next_due

if TYPE_CHECKING:
    from datetime import tzinfo

    Task = dict[str, Any]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


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
        return {"due_on": "Give due_at or due_on."}
    if task["recurrence"] is None:
        return {}
    due = due_moment(task)
    if due is None:
        return {"due_at": "A recurring task needs a due time."}
    if not comes_again(task["recurrence"], due, zone_of(task)):
        return {"recurrence": "Never comes due again."}
    return {}


def following(task: Task, now: datetime) -> Task | None:
    """What differs in the task that a completed one makes; None if it makes none."""
    due = due_moment(task)
    if task["recurrence"] is None or due is None:
        return None
    zone, is_day = zone_of(task), task["due_on"] is not None
    begun = task["recurs_from"] or due.astimezone(zone).replace(tzinfo=None)
    found = next_due(task["recurrence"], due, now, zone, begun=begun, is_day=is_day)
    if found is None:
        return None
    return {
        "id": task["id"],
        "due_at": None if is_day else found.due,
        "due_on": found.due.astimezone(zone).date() if is_day else None,
        "recurrence": found.rule,
        "recurs_from": begun,
    }
