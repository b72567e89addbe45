"""Which items are in which folders.

They are a part of their own, so that an item and a folder that are there already come together too.
"""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="folder_items",
    tables=("folder_items",),
    permission="workspace:items:read",
    batch=500,
    read=queries.archived_folder_items.read,
    add=queries.archived_folder_items.add,
    references={"folder_id": "folders", "item_id": "items"},
    required=frozenset({"folder_id", "item_id"}),
)
