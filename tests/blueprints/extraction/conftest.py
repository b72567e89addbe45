"""Documents that are ready, and configurations for them."""

from __future__ import annotations

import itertools

import pytest

from tests.blueprints.documents.conftest import pdf, upload  # noqa: F401 -- a fixture

_numbers = itertools.count()


@pytest.fixture
def ready(ana, upload, is_ready):  # noqa: F811
    """Makes a document that was read; gives its id."""

    def make(client=ana, **fields):
        answer = upload(client, pdf(str(next(_numbers))), **fields)
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
