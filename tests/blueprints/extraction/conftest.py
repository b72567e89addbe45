"""A document with extracted tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.extraction import extracted

COLUMNS = {"Item": "text", "Price": "integer", "Tax": "integer"}
ROWS = (["Oak", ("1O", ...), ("l", ...)], ["Ash", ("20", 20), ("2", 2, 0.4)], ["", "", ""])


@pytest.fixture
def document(ana: Any) -> str:
    """The id of a document of Ana's."""
    path = "/api/documents?name=a.pdf"
    made: str = ana.post(path, data=pdf("a"), content_type="application/pdf").json["id"]
    return made


@pytest.fixture
def made(app_conn: Any, document: str) -> list[str]:
    """A job that succeeded with a table of three rows and a small one: its id and theirs."""
    job_id = extracted.job(app_conn, document)
    tables = [
        extracted.table(app_conn, job_id, COLUMNS, *ROWS, title="Prices", pages=[2, 3]),
        extracted.table(app_conn, job_id, {"Note": "text"}, ["x"]),
    ]
    extracted.succeed(app_conn, job_id)
    return [str(each) for each in (job_id, *tables)]
