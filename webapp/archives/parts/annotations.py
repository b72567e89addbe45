"""Highlights on the pages of items, and notes about them."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.checks import check_columns
from webapp.archives.part import Part
from webapp.schemas.library.annotations import NewAnnotation

# As many as the API lets an item have: all are read for its words in search.
_MOST: Final = 1000


def _check(row: dict[str, Any]) -> None:
    """It says something, and has a colour that is known."""
    check_columns(row, NewAnnotation())


PART: Final = Part(
    name="annotations",
    tables=("annotations",),
    permission="workspace:items:read",
    read=queries.archived_annotations.read,
    taken=queries.archived_annotations.taken,
    add=queries.archived_annotations.add,
    references={"item_id": "items"},
    required=frozenset({"item_id"}),
    check=_check,
    most=(_MOST, queries.archived_annotations.count),
)
