"""Extracted tables, each with its suggestion; their rows are a part of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.archives.checks import check_list
from webapp.archives.part import Inner, Part

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

_DOCUMENTS: Final = 20


def _enter_search(conn: Connection, import_id: UUID, after: UUID | None) -> UUID | None:
    found = queries.archived_tables.enter_search(
        conn, import_id=import_id, after=after, limit=_DOCUMENTS
    )
    return found[-1]["old_id"] if len(found) == _DOCUMENTS else None


def _check(row: dict[str, Any]) -> None:
    """Columns are described as everything that reads the table expects."""
    check_list("columns", row.get("columns"), ("name", "heading", "type"))


PART: Final = Part(
    name="tables",
    tables=("extracted_tables", "suggestions"),
    permission="workspace:jobs:read",
    read=queries.archived_tables.read,
    taken=queries.archived_tables.taken,
    add=queries.archived_tables.add,
    references={"job_id": "jobs", "document_id": "documents"},
    required=frozenset({"job_id", "document_id"}),
    inner={"suggestions": Inner(queries.archived_items.taken_suggestions)},
    check=_check,
    finish=_enter_search,
)
