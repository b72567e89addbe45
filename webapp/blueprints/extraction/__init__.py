"""Extraction: tables and fields out of documents, by configurations and jobs."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.extraction import (
    automatic_types,
    configurations,
    corrections,
    jobs,
    table_exports,
    tables,
    trials,
)

BLUEPRINTS: Final = (
    *(configurations.configurations, trials.trials),
    *(jobs.jobs, automatic_types.automatic_types),
    *(tables.tables, corrections.corrections, table_exports.table_exports),
)

INSTALLS: Final = ()

REFUSALS: Final = dict.fromkeys(
    ("configurations_stay_once_used", "jobs_configuration_exists"), configurations.is_used()
)
