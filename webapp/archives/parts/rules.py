"""Rules for the classification of documents."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.part import Part
from webapp.rules.phrases import mistake_in

# As many as the API lets a workspace have: all are read for each document.
_MOST: Final = 200


def _check(row: dict[str, Any]) -> None:
    """A phrase can be looked for."""
    for phrase in row["phrases"]:
        if said := mistake_in(phrase):
            raise ValueError(f"One of its phrases cannot be looked for. {said}")


PART: Final = Part(
    name="rules",
    tables=("rules",),
    permission="workspace:rules:read",
    read=queries.archived_rules.read,
    taken=queries.archived_rules.taken,
    add=queries.archived_rules.add,
    references={"folder_id": "folders"},
    check=_check,
    most=(_MOST, queries.archived_rules.count),
)
