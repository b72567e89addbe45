"""What rules do not decide about items any more: what they gave once, and what people took away."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.part import Part


def _check(row: dict[str, Any]) -> None:
    """It is about a folder if it says so, and about nothing else then."""
    if (row.get("field") == "folder_id") != (row.get("folder_id") is not None):
        raise ValueError("Its folder_id is not as it should be.")


PART: Final = Part(
    name="item_rulings",
    tables=("item_rulings",),
    permission="workspace:items:read",
    batch=500,
    read=queries.archived_item_rulings.read,
    add=queries.archived_item_rulings.add,
    references={"item_id": "items", "folder_id": "folders"},
    required=frozenset({"item_id", "folder_id"}),
    check=_check,
)
