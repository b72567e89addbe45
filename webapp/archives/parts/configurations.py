"""Configurations of the extraction, in all their versions."""

from __future__ import annotations

from typing import Any, Final

from sql import queries
from webapp.archives.checks import checked
from webapp.archives.part import Part
from webapp.schemas.extraction.configuration_bodies import ConfigurationBody


def _check(row: dict[str, Any]) -> None:
    """A body says what is to be extracted."""
    checked("body", row.get("body"), ConfigurationBody())


PART: Final = Part(
    name="configurations",
    tables=("configurations",),
    permission="workspace:configurations:read",
    read=queries.archived_configurations.read,
    taken=queries.archived_configurations.taken,
    add=queries.archived_configurations.add,
    check=_check,
    alone=True,
)
