"""The user's own saved searches."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.checks import check_columns
from webapp.archives.part import Part
from webapp.schemas.library.saved_searches import NewSavedSearch
from webapp.search.query import QueryMistake, parse

# As many as the API lets a user have.
_MOST: Final = 100


def _check(row: dict[str, Any]) -> None:
    """It can be searched for."""
    check_columns(row, NewSavedSearch())
    try:
        parse(row["q"])
    except QueryMistake as mistake:
        raise ValueError(f"Its q cannot be searched for. {mistake}") from None


PART: Final = Part(
    name="saved_searches",
    tables=("saved_searches",),
    permission="workspace:search:read",
    read=queries.archived_saved_searches.read,
    taken=queries.archived_saved_searches.taken,
    same=queries.archived_saved_searches.same,
    add=queries.archived_saved_searches.add,
    check=_check,
    most=(_MOST, queries.archived_saved_searches.count),
)
