"""Folders, those first that others are in."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="folders",
    tables=("folders",),
    permission="workspace:folders:read",
    read=queries.archived_folders.read,
    taken=queries.archived_folders.taken,
    same=queries.archived_folders.same,
    add=queries.archived_folders.add,
    references={"parent_id": "folders"},
    required=frozenset({"parent_id"}),
    alone=True,
)
