"""Items, those in the trash too, with their tags, suggestions and further addresses."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.part import Inner, Part
from webapp.rules.web_address import parts_of


def _check(row: dict[str, Any]) -> None:
    """An address is one of the web."""
    for holder in (row, *row["addresses"]):
        url = holder.get("source_url" if holder is row else "url")
        if url is not None:
            parts_of(str(url))


PART: Final = Part(
    name="items",
    tables=("items", "item_tags", "item_addresses", "suggestions"),
    permission="workspace:items:read",
    read=queries.archived_items.read,
    taken=queries.archived_items.taken,
    add=queries.archived_items.add,
    references={"document_id": "documents", "same_page_as": "items", "tags.id": "tags"},
    lists=("addresses",),
    check=_check,
    inner={"suggestions": Inner(queries.archived_items.taken_suggestions)},
)
