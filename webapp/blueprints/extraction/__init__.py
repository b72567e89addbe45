"""Extraction: tables and fields out of documents, by configurations and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.blueprints.extraction import automatic_types, corrections, jobs, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

BLUEPRINTS: Final = (
    *(jobs.jobs, automatic_types.automatic_types),
    *(tables.tables, corrections.corrections),
)

INSTALLS: Final = ()

REFUSALS: Final[Mapping[str, Any]] = {}
