"""What people wrote in place of what was read in cells of tables."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="corrections",
    tables=("cell_corrections",),
    permission="workspace:jobs:read",
    read=queries.archived_corrections.read,
    add=queries.archived_corrections.add,
    references={"table_id": "tables", "document_id": "documents"},
    required=frozenset({"table_id", "document_id"}),
    after=("rows",),
)
