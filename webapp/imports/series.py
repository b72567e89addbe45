"""Which imported task followed which, by their rows in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, Any]

# What the completion of a task passes on to the next one.
_PASSED_ON: Final = (
    "title",
    "description",
    "priority",
    "tags",
    "item_id",
    "document_id",
    "time_zone",
    "remind_minutes_before",
)


def link(tasks: Sequence[Row]) -> None:
    """Name the rows of tasks that others followed in place of the ids that they had.

    One that was changed is a task of its own, and then the rule is its alone, as when the former
    one is reopened: a change of its time or rule leaves no `recurs_from`. What followed something
    that is not before it in the file follows nothing.
    """
    before: dict[str, Row] = {}
    for row in tasks:
        payload = row["payload"]
        followed = before.pop(str(payload["follows_id"]), None)
        payload["follows_id"] = None
        if followed is not None and followed["payload"]["status"] == "completed":
            is_as_made = payload["recurs_from"] is not None and all(
                payload[name] == followed["payload"][name] for name in _PASSED_ON
            )
            if is_as_made:
                payload["follows_id"] = followed["row_id"]
            else:
                followed["payload"]["recurrence"] = None
        if row["given_id"] is not None:
            before[row["given_id"]] = row
