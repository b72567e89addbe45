"""The rows of extracted tables, as they were read."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="rows",
    tables=("extracted_rows",),
    permission="workspace:jobs:read",
    batch=500,
    read=queries.archived_rows.read,
    add=queries.archived_rows.add,
    references={"table_id": "tables"},
    required=frozenset({"table_id"}),
)
