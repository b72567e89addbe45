"""Jobs of the extraction. What had not run yet, runs elsewhere."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.checks import check_list
from webapp.archives.part import Part


def _check(row: dict[str, Any]) -> None:
    """What came out is as responses show it."""
    check_list("fields", row.get("fields"), ("name",))
    check_list("left_out", row.get("left_out"))
    if not isinstance(row.get("metrics"), dict | None):
        raise TypeError


PART: Final = Part(
    name="jobs",
    tables=("jobs",),
    permission="workspace:jobs:read",
    read=queries.archived_jobs.read,
    taken=queries.archived_jobs.taken,
    add=queries.archived_jobs.add,
    references={
        "document_id": "documents",
        "version_id": "versions",
        "configuration_id": "configurations",
    },
    required=frozenset({"document_id", "version_id", "configuration_id"}),
    check=_check,
)
