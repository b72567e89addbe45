"""Webhooks, to be read: their secrets stay here, so they are created anew elsewhere."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="webhooks",
    tables=("webhooks",),
    permission="workspace:webhooks:read",
    read=queries.archived_webhooks.read,
)
