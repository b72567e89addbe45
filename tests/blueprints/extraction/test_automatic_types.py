"""Types of documents for which jobs start by themselves."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from webapp.blueprints.extraction import automatic_types
from webapp.schemas.extraction.automatic_types import AutomaticType
from workers.classify_documents import classify_documents

TYPES = "/api/automatic-types"


def type_in(place):
    return place.make.conn.execute(
        "INSERT INTO automatic_types (workspace_id, document_type, created_by)"
        " VALUES (%s, gen_random_uuid()::text, %s) RETURNING id",
        (place.workspace_id, place.owner.id),
    ).fetchone()[0]


EXAMPLES = Examples(
    things={"automatic_type_id": type_in},
    bodies={"automatic_types.create": {"document_type": "List"}},
)


@pytest.fixture
def classify(worker):
    return worker(classify_documents).round


@pytest.fixture
def automatic(ana):
    """Jobs for invoices start by themselves."""
    made = ana.post(TYPES, json={"document_type": "Invoice"})
    assert made.status_code == 201, made.json
    return made.json


def jobs_of(client, document):
    found = client.get("/api/jobs", query_string={"document_id": document}).json["items"]
    assert all(each["is_automatic"] for each in found)
    return [each["configuration_version"] for each in found]


@pytest.mark.long
def test_a_type_is_named_once_listed_and_removed(ana, automatic):
    assert AutomaticType().load(automatic)
    again = ana.post(TYPES, json={"document_type": " INVOICE"})
    assert (again.status_code, again.json) == (200, automatic)
    other = ana.post(TYPES, json={"document_type": "Bank statement"}).json
    assert ana.get(TYPES).json["items"] == [other, automatic]
    path = f"{TYPES}/{automatic['id']}"
    assert ana.delete(path).status_code == 204
    assert_problem(ana.delete(path), 404, "not_found")
    assert ana.get(TYPES).json["items"] == [other]
    assert_problem(ana.post(TYPES, json={}), 422, "invalid_input", "document_type")


def test_the_number_of_types_is_limited(ana, automatic, monkeypatch):
    monkeypatch.setattr(automatic_types, "MOST_TYPES", 1)
    assert_problem(ana.post(TYPES, json={"document_type": "x"}), 409, "too_many_automatic_types")
    assert ana.post(TYPES, json={"document_type": "invoice"}).json == automatic


@pytest.mark.long
def test_a_document_gets_its_job_once_it_is_classified_and_no_second_one(
    ana, ready, configure, classify, automatic, owner
):
    ana.post("/api/rules", json={"name": "r", "phrases": ["invoice"], "category": "invoice"})
    document, typed = ready(), ready(category="Invoice")
    untold = ready(category="List")
    configure(document, version=1)
    configure(document, "List")
    assert jobs_of(ana, typed) == []  # it may still be classified differently
    while classify():
        pass
    assert [jobs_of(ana, each) for each in (document, typed, untold)] == [[1], [1], []]
    (job,) = ana.get("/api/jobs", query_string={"document_id": document}).json["items"]
    (event,) = ana.get(f"/api/jobs/{job['id']}/events").json["items"]
    assert event["actor"] == "worker:classify_documents"
    # Neither an edit nor another classification begins a second one, but a new configuration does.
    ana.patch(f"/api/documents/{document}", json={"title": "x"})
    owner.execute("UPDATE documents SET classified = NULL")
    owner.execute("UPDATE documents SET classified = '\\x01'")
    assert jobs_of(ana, document) == [1]
    owner.execute("UPDATE configurations SET status = 'retired' WHERE document_type = 'Invoice'")
    configure(document, version=2)
    owner.execute("UPDATE documents SET classified = '\\x02' WHERE id = %s", (document,))
    assert jobs_of(ana, document) == [2, 1]


@pytest.mark.long
def test_a_person_who_gives_a_document_the_type_starts_its_job(ana, ready, configure, automatic):
    document, other = ready(category="List"), ready()
    configure(document)
    ana.patch(f"/api/documents/{document}", json={"category": "INVOICE"})
    ana.post("/api/documents/bulk", json={"ids": [document, other], "category": "Invoice"})
    assert [jobs_of(ana, each) for each in (document, other)] == [[1], [1]]


@pytest.mark.long
def test_what_waits_for_a_configuration_starts_nothing_and_harms_nothing(ana, ready, automatic):
    document = ready()
    changed = ana.patch(f"/api/documents/{document}", json={"category": "Invoice"})
    assert changed.status_code == 200
    assert jobs_of(ana, document) == []
