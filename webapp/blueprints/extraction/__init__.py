"""Extraction: tables and fields out of documents, by configurations and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.blueprints.extraction import (
    automatic_types,
    corrections,
    jobs,
    table_exports,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

BLUEPRINTS: Final = (
    *(jobs.jobs, automatic_types.automatic_types),
    *(tables.tables, corrections.corrections, table_exports.table_exports),
)

INSTALLS: Final = ()

REFUSALS: Final[Mapping[str, Any]] = {}
