"""What a configuration would give of a document, and proposals."""

from __future__ import annotations

import os

import pytest

from tests.blueprints.documents.conftest import pdf, upload
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.parsing.tables.found import find
from webapp.blueprints.documents import reading
from webapp.parsing.documents.dispatch import read_document
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source
from webapp.parsing.extraction import patterns
from webapp.parsing.extraction.applying import apply
from webapp.parsing.extraction.proposing import propose

__all__ = ["upload"]

PATH = "/api/configurations"
CSV = b"Day;Item;Amount\n03/04/2025;007;1,5\n25/04/2025;008;oops\n"
BODY = {
    "columns": [
        {"name": "amount", "type": "decimal", "required": True},
        {"name": "Day", "type": "date"},
    ],
    "fields": [{"name": "code", "pattern": "00[0-9]", "type": "text"}],
}
NO_DOCUMENT = "01900000-0000-7000-8000-000000000000"

EXAMPLES = Examples(
    bodies={"trials.try_configuration": {"document_id": "<document_id>"}},
    unlike_their_method={"trials.try_configuration", "trials.try_body"},
    not_kept={"/api/configurations/try", "/api/configurations/<uuid:configuration_id>/try"},
)


class InThisProcess:
    """Readers that need no child, where nothing hostile is involved."""

    def extract(self, file, *, body, name, **_):
        content = os.pread(file, 1 << 20, 0)
        pages = read_document(Source(content), name, Reading()).pages
        return apply(body, find(content, name), pages)

    def propose(self, file, *, name, **_):
        return propose(find(os.pread(file, 1 << 20, 0), name))

    def pattern_mistakes(self, asked):
        return patterns.mistakes_of(asked)

    def close(self):
        pass


@pytest.fixture
def readers(stand_in):
    readers = stand_in(reading.own_readers, reading.OwnReaders())
    readers._readers = InThisProcess()


@pytest.fixture
def document_id(ana, upload):
    return upload(ana, CSV, "a.csv").json["id"]


def test_a_configuration_is_tried_saved_or_not(ana, readers, document_id):
    made = ana.post(PATH, json={"document_type": "x", "body": BODY}).json
    given = {"document_id": document_id}
    tried = ana.post(f"{PATH}/{made['id']}/try", json=given)
    assert tried.status_code == 200, tried.json
    assert ana.post(f"{PATH}/try", json=given | {"body": BODY}).json == tried.json
    (table,) = tried.json["tables"]
    assert [each["name"] for each in table["columns"]] == ["amount", "Day"]
    assert table["rows"] == [
        {
            "page": 1,
            "texts": ["1,5", "03/04/2025"],
            "values": ["1.5", "2025-04-03"],
            "mistakes": [],
        },
        {
            "page": 1,
            "texts": ["oops", "25/04/2025"],
            "values": [None, "2025-04-25"],
            "mistakes": [0],
        },
    ]
    assert (table["row_count"], table["mistake_count"], tried.json["table_count"]) == (2, 1, 1)
    (field,) = tried.json["fields"]
    assert (field["text"], field["page"], field["box"]) == ("007", 1, None)


@pytest.mark.long
def test_a_draft_is_proposed_for_the_documents_category(ana, readers, document_id):
    given = {"document_id": document_id}
    answer = ana.post(f"{PATH}/propose", json=given)
    assert_problem(answer, 422, "invalid_input", "document_type")
    ana.patch(f"/api/documents/{document_id}", json={"category": "Receipt"})
    made = ana.post(f"{PATH}/propose", json=given)
    assert (made.status_code, made.json["document_type"]) == (201, "Receipt")
    assert [each["name"] for each in made.json["body"]["columns"]] == ["Day", "Item", "Amount"]
    again = ana.post(f"{PATH}/propose", json=given | {"document_type": "receipt"})
    assert (again.json["version"], again.json["status"]) == (2, "draft")
    tried = ana.post(f"{PATH}/{again.json['id']}/try", json=given)
    assert (tried.json["table_count"], tried.json["tables"][0]["mistake_count"]) == (1, 0)


@pytest.mark.long
def test_a_document_without_tables_or_that_cannot_be_read_says_so(ana, readers, upload):
    for content, name, code in (
        (b"Only text.", "a.txt", "no_tables"),
        (pdf(), "a.pdf", "unreadable"),
    ):
        document_id = upload(ana, content, name).json["id"]
        given = {"document_id": document_id, "document_type": "x"}
        assert_problem(ana.post(f"{PATH}/propose", json=given), 422, code)


def test_a_document_whose_file_is_not_there_is_not_ready(ana):
    announced = ana.post("/api/documents/presign", json={"name": "a.csv", "bytes": 9}).json
    given = {"document_id": announced["document"]["id"], "body": {}}
    answer = ana.post(f"{PATH}/try", json=given)
    assert_problem(answer, 409, "document_not_ready")
    assert answer.json["current_status"] == "awaiting_upload"
    assert_problem(
        ana.post(f"{PATH}/try", json=given | {"document_id": NO_DOCUMENT}), 404, "not_found"
    )


@pytest.mark.parametrize("pattern", ["(", "(?<=a+)b", "a{99999999999}"])
def test_what_is_no_pattern_is_not_saved(ana, readers, pattern):
    body = {"columns": [{"name": "a"}, {"name": "b", "pattern": pattern}]}
    new = {"document_type": "invoice", "body": body}
    assert_problem(ana.post(PATH, json=new), 422, "invalid_input", "body.columns.1.pattern")
    made = ana.post(PATH, json=new | {"body": {}}).json
    answer = ana.patch(f"{PATH}/{made['id']}", json={"body": body})
    assert_problem(answer, 422, "invalid_input", "body.columns.1.pattern")


@pytest.mark.long
def test_a_pattern_that_takes_for_ever_is_stopped(ana, readers, upload, monkeypatch):
    monkeypatch.setattr("webapp.parsing.extraction.applying.SECONDS", 0.03)
    document_id = upload(ana, b"a" * 40 + b"!", "a.txt").json["id"]
    body = {"fields": [{"name": "x", "pattern": "(a+)+$"}]}
    answer = ana.post(f"{PATH}/try", json={"document_id": document_id, "body": body})
    assert_problem(answer, 422, "unreadable")
    assert answer.json["error_code"] == "pattern_too_slow"


@pytest.mark.long
def test_reading_a_document_and_a_configuration_requires_both_permissions(people, olga, upload):
    document_id = upload(olga.client, CSV, "a.csv").json["id"]
    made = olga.client.post(PATH, json={"document_type": "x"}).json
    for scope, path, more in (
        ("workspace:documents:read", f"{PATH}/{made['id']}/try", {}),
        ("workspace:configurations:write", f"{PATH}/propose", {}),
        ("workspace:configurations:read", f"{PATH}/try", {"body": {}}),
    ):
        client = people.client(X_API_Key=people.key(olga, [scope])[1])
        answer = client.post(path, json={"document_id": document_id} | more)
        assert_problem(answer, 403, "forbidden")


@pytest.mark.long
def test_a_shared_document_may_be_tried_and_proposed_from(
    ana,
    sign_in,
    readers,
    document_id,
):
    ben = sign_in("ben")
    given = {"document_id": document_id}
    for path in ("try", "propose"):
        more = {"body": {}} if path == "try" else {"document_type": "x"}
        assert_problem(ben.post(f"{PATH}/{path}", json=given | more), 404, "not_found")
    shares = f"/api/documents/{document_id}/shares"
    shared = ana.post(shares, json={"handle": "ben", "level": "view"})
    assert shared.status_code == 201, shared.json
    assert ben.post(f"{PATH}/try", json=given | {"body": {}}).status_code == 200
    made = ben.post(f"{PATH}/propose", json=given | {"document_type": "x"})
    assert made.status_code == 201
    assert ana.get(f"{PATH}/{made.json['id']}").status_code == 404
    assert ben.get(f"{PATH}/{made.json['id']}").status_code == 200


@pytest.mark.processes
def test_a_child_tries_and_proposes(ana, document_id):
    given = {"document_id": document_id}
    tried = ana.post(f"{PATH}/try", json=given | {"body": BODY})
    assert tried.json["fields"][0]["text"] == "007"
    assert ana.post(f"{PATH}/propose", json=given | {"document_type": "x"}).status_code == 201
    wrong = {"document_type": "x", "body": {"fields": [{"name": "a", "pattern": "("}]}}
    assert_problem(ana.post(PATH, json=wrong), 422, "invalid_input", "body.fields.0.pattern")
