"""The user's own tasks, with their tags."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.part import Part
from webapp.rules.due import is_time_zone
from webapp.rules.recurrence import mistake_in


def _check(row: dict[str, Any]) -> None:
    """A rule and a time zone can be followed."""
    if row.get("recurrence") is not None and (said := mistake_in(str(row["recurrence"]))):
        raise ValueError(f"Its recurrence cannot be followed. {said}")
    if row.get("time_zone") is not None and not is_time_zone(str(row["time_zone"])):
        raise ValueError("Its time_zone is not known.")


PART: Final = Part(
    name="tasks",
    tables=("tasks", "task_tags"),
    permission="workspace:tasks:read",
    read=queries.archived_tasks.read,
    taken=queries.archived_tasks.taken,
    add=queries.archived_tasks.add,
    references={
        "item_id": "items",
        "document_id": "documents",
        "follows_id": "tasks",
        "tags.id": "tags",
    },
    check=_check,
)
