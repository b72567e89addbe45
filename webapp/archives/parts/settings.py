"""What a user has set for themselves."""

from __future__ import annotations

from typing import Final

from sql import queries
from webapp.archives.part import Part

PART: Final = Part(
    name="settings",
    tables=(),
    read=queries.archived_settings.read,
    add=queries.archived_settings.add,
)
