"""The types of documents for which jobs start by themselves."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="automatic_types",
    tables=("automatic_types",),
    permission="workspace:jobs:read",
    read=queries.archived_automatic_types.read,
    taken=queries.archived_automatic_types.taken,
    same=queries.archived_automatic_types.same,
    add=queries.archived_automatic_types.add,
)
