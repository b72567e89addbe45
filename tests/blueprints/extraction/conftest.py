"""Documents that are ready, configurations for them, and extracted tables."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.blueprints.documents.conftest import pdf, upload  # noqa: F401 -- a fixture
from tests.blueprints.extraction import extracted

COLUMNS = {"Item": "text", "Price": "integer", "Tax": "integer"}
ROWS = (["Oak", ("1O", ...), ("l", ...)], ["Ash", ("20", 20), ("2", 2, 0.4)], ["", "", ""])

_numbers = itertools.count()


@pytest.fixture
def ready(ana, upload, is_ready):  # noqa: F811
    """Makes a document that was read; gives its id."""

    def make(content=None, client=ana, **fields):
        answer = upload(client, content or pdf(str(next(_numbers))), **fields)
        assert answer.status_code == 201, answer.json
        is_ready(answer.json["id"], "An invoice.")
        return answer.json["id"]

    return make


@pytest.fixture
def configure(ana, owner):
    """Makes a configuration of the workspace that a document is in; gives its id."""

    def make(document_id, document_type="Invoice", status="active", version=1, body="{}"):
        (made,) = owner.execute(
            "INSERT INTO configurations (workspace_id, document_type, version, body, created_by)"
            " SELECT workspace_id, %s, %s, %s, created_by FROM documents WHERE id = %s"
            " RETURNING id",
            (document_type, version, body, document_id),
        ).fetchone()
        for step in {"draft": [], "active": ["active"], "retired": ["active", "retired"]}[status]:
            owner.execute("UPDATE configurations SET status = %s WHERE id = %s", (step, made))
        return str(made)

    return make


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
