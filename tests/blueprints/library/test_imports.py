"""Imports over HTTP; what becomes of them is in tests/workers/imports/."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.examples import Examples

EXAMPLES = Examples(
    things={
        "import_id": lambda place: queries.imports.create(
            place.make.conn,
            workspace_id=place.workspace_id,
            user_id=place.owner.id,
            format="json_lines",
            charset=None,
            enrich=False,
            folders_become=None,
            file=b"{}",
        )["id"]
    },
)

LINES = {"Content-Type": "application/x-ndjson"}


@pytest.mark.parametrize("kind", ["application/pdf", "multipart/form-data", None])
def test_a_file_of_another_kind_is_refused(olga, kind):
    answer = olga.client.post("/api/imports", data=b"x", content_type=kind)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.long
def test_a_file_may_be_larger_than_other_bodies_but_not_too_large(olga, settings):
    much = b" " * (settings.max_body_bytes + 1)
    assert olga.client.post("/api/imports", data=much, headers=LINES).status_code == 201
    too_much = b" " * (settings.import_max_bytes + 1)
    answer = olga.client.post("/api/imports", data=too_much, headers=LINES)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_a_key_makes_one_import_of_the_same_file(olga):
    headers = LINES | {"Idempotency-Key": "once"}
    first, second = (
        olga.client.post("/api/imports", data=b"{}", headers=headers).json for _ in range(2)
    )
    assert first["id"] == second["id"]
