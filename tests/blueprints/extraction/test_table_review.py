"""Tables with doubtful cells in the review queue."""

from __future__ import annotations

import pytest

from tests.blueprints.extraction import extracted
from tests.blueprints.extraction.conftest import COLUMNS, ROWS
from webapp.schemas.documents.review import SuggestionInReviewPage


@pytest.fixture
def made(app_conn, document, made, is_ready):
    """The same, of a document that is ready."""
    is_ready(document, "Text")
    return made


def queue(client, **query):
    answer = client.get("/api/review", query_string=query)
    assert answer.status_code == 200, answer.json
    assert not SuggestionInReviewPage().validate(answer.json)
    return answer.json["items"]


def tables(client):
    return [each["subject_id"] for each in queue(client, type="table")]


@pytest.mark.long
def test_a_table_with_doubtful_cells_is_one_entry(ana, owner, made, document):
    (entry,) = queue(ana, type="table")
    assert (entry["subject_id"], entry["field"], entry["label"]) == (
        *(made[1], "cells"),
        "3 of 9 cells",
    )
    assert entry["title"].endswith(": Prices")
    accepted = ana.post(f"/api/review/{entry['id']}/accept")
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted")
    assert tables(ana) == []
    event = owner.execute(
        "SELECT entity_id, payload FROM events WHERE event = 'job.reviewed'"
    ).fetchone()
    assert (str(event[0]), event[1]) == (made[0], {"table_id": made[1], "status": "accepted"})


@pytest.mark.long
def test_correcting_all_doubtful_cells_accepts_a_table(ana, made):
    rows = f"/api/tables/{made[1]}/rows"
    ana.patch(f"{rows}/1", json={"texts": {"price": "10", "tax": "1"}})
    assert queue(ana, type="table")[0]["label"] == "1 of 9 cells"
    ana.patch(f"{rows}/2", json={"texts": {"tax": "2"}})
    assert tables(ana) == []
    ana.patch(f"{rows}/1", json={"texts": {"tax": None}})
    assert tables(ana) == [made[1]]


@pytest.mark.long
def test_only_tables_of_the_latest_run_of_a_ready_document_are_in_the_queue(
    ana, app_conn, made, document, is_ready
):
    job_id = extracted.job(app_conn, document)
    later = [
        str(extracted.table(app_conn, job_id, COLUMNS, *ROWS)),
        str(extracted.table(app_conn, job_id, {"Note": "text"}, ["x"], confidence=0.5)),
    ]
    assert tables(ana) == [made[1]]
    extracted.succeed(app_conn, job_id)
    assert sorted(tables(ana)) == later
    ana.post(f"/api/documents/{document}/discard")
    assert tables(ana) == []
    ana.post(f"/api/documents/{document}/restore")
    is_ready(document, "Text")
    assert sorted(tables(ana)) == later


@pytest.mark.long
def test_several_tables_are_decided_at_once(ana, app_conn, document, is_ready):
    is_ready(document, "Text")
    job_id = extracted.job(app_conn, document)
    for _ in range(2):
        extracted.table(app_conn, job_id, COLUMNS, *ROWS)
    extracted.succeed(app_conn, job_id)
    ids = [each["id"] for each in queue(ana, type="table")]
    answer = ana.post("/api/review/reject", json={"ids": ids[:1]}).json
    answer["items"] += ana.post("/api/review/accept", json={"ids": ids}).json["items"]
    assert [each["result"] for each in answer["items"]] == ["done", "not_allowed", "done"]
    found = ana.get(f"/api/jobs/{job_id}/tables").json["items"]
    assert [each["is_rejected"] for each in found].count(True) == 1
    assert len(ana.get("/api/search?q=oak").json["items"]) == 1
