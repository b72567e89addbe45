"""Rules for documents and items."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.checks import check_columns
from webapp.archives.part import Part
from webapp.schemas.library.rules import RuleChange

# As many as the API lets a workspace have: documents and items are compared with all of them.
_MOST: Final = 200


def _check(row: dict[str, Any]) -> None:
    """What it looks for can be looked for."""
    check_columns(row, RuleChange())


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
