"""The history, to be read: what happened elsewhere did not happen here."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="events",
    tables=("events", "item_texts"),
    permission="workspace:changes:read",
    batch=500,
    read=queries.archived_events.read,
)
