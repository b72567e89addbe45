"""The exports of jobs: which documents have the files of which tables."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Inner, Part

PART: Final = Part(
    name="exports",
    tables=("table_exports", "exported_files"),
    permission="workspace:jobs:read",
    read=queries.archived_exports.read,
    taken=queries.archived_exports.taken,
    add=queries.archived_exports.add,
    is_named_by="jobs",
    references={
        "files.table_id": "tables",
        "files.document_id": "documents",
        "files.version_id": "versions",
        "documents.id": "documents",
    },
    inner={"files": Inner(queries.archived_exports.taken_files)},
    after=("corrections",),
)
