"""Tags: those of the workspace, and the user's own."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="tags",
    tables=("tags",),
    permission="workspace:items:read",
    read=queries.archived_tags.read,
    taken=queries.archived_tags.taken,
    same=queries.archived_tags.same,
    add=queries.archived_tags.add,
)
