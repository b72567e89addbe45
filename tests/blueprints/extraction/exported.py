"""A job with two tables, and what exports it: fixtures."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.blueprints.documents.test_documents import document_in
from tests.blueprints.examples import Place
from tests.blueprints.extraction import extracted
from workers.export_tables import export_tables

COLUMNS = {"Item": "text", "Price": "decimal"}


@pytest.fixture
def job(owner: Any, people: Any, olga: Any) -> SimpleNamespace:
    """Olga's job, which has succeeded: its id, its tables and its document, and the address of
    each."""
    place = Place(people, olga, olga.workspace_id)
    document_id = document_in(place)
    job_id = extracted.job(owner, document_id)
    rows = [["007", ("-1234.5O", "-1234.50")], ["=1+1", ("x", ...)]]
    first = extracted.table(owner, job_id, COLUMNS, *rows)
    second = extracted.table(owner, job_id, COLUMNS, ["Ash", ("2", "2")], title="Trees")
    extracted.succeed(owner, job_id)
    return SimpleNamespace(
        id=str(job_id),
        document_id=str(document_id),
        tables=[str(first), str(second)],
        path=f"/api/jobs/{job_id}",
        table_path=f"/api/tables/{first}/export",
    )


@pytest.fixture
def export(worker: Any) -> Any:
    """Makes the files of all exports that wait."""
    return worker(export_tables).round
