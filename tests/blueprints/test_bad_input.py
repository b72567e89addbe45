"""Bad input is refused in one form, and never breaks anything."""

from __future__ import annotations

import pytest

from tests.factories import NOWHERE
from webapp.http.errors import MIMETYPE

NOTE = {"source_type": "note", "raw_text": "Buy milk."}
JSON = "application/json"


def assert_problem(answer, status, code, *fields):
    assert answer.status_code == status, answer.data
    assert answer.mimetype == MIMETYPE
    problem = answer.json
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["requestId"] == answer.headers["X-Request-Id"]
    assert problem["type"] == f"urn:coffer:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert sorted({error["field"] for error in problem.get("errors", [])}) == sorted(fields)


@pytest.mark.parametrize(
    "body",
    [
        *(
            "{",
            "",
            "nul",
            "{'a': 1}",
            '{"a": NaN}',
            '"\\ud800"',
            '{"raw_text": "\\udfff"}',
            "\ufeff{}",
        ),
        b'{"raw_text": "\xff"}',
        b'{"raw_text": "\xed\xa0\x80"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_json_is_400(ana, body):
    answer = ana.post("/api/items", data=body, content_type=JSON)
    assert_problem(answer, 400, "invalid_json")


@pytest.mark.parametrize("body", ["[]", "null", "1", '"x"', "[[]]"])
def test_json_that_is_no_object_is_422(ana, body):
    answer = ana.post("/api/items", data=body, content_type=JSON)
    assert_problem(answer, 422, "invalid_input", "body")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"raw_text": 5}, ["raw_text"]),
        ({"raw_text": ["x"]}, ["raw_text"]),
        ({"raw_text": ""}, ["raw_text"]),
        ({"raw_text": " \n\t"}, ["raw_text"]),
        ({"source_type": "poem"}, ["source_type"]),
        ({"source_type": None}, ["source_type"]),
        ({"status": "confirmed"}, ["status"]),
        ({"enrich": "false"}, ["enrich"]),
        ({"enrich": 0}, ["enrich"]),
        ({"enrich": None}, ["enrich"]),
        ({"tags": "a"}, ["tags"]),
        ({"tags": [1]}, ["tags.0"]),
        ({"tags": ["ok", " "]}, ["tags.1"]),
        ({"tags": ["x" * 51]}, ["tags.0"]),
        ({"tags": ["x"] * 21}, ["tags"]),
        ({"title": " "}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"source_url": "ftp://example.com/"}, ["source_url"]),
        ({"source_url": "javascript:alert(1)"}, ["source_url"]),
        ({"source_url": "example.com"}, ["source_url"]),
        ({"source_url": "http://"}, ["source_url"]),
        ({"source_url": "http://exa mple.com/"}, ["source_url"]),
        ({"source_url": "http://[::1"}, ["source_url"]),
        ({"source_url": "http://example.com:99999/"}, ["source_url"]),
        ({"source_url": "http://user:secret@example.com/"}, ["source_url"]),
        ({"source_url": "http://example.com/" + "x" * 2048}, ["source_url"]),
        ({"raw_text": "a\0b"}, ["raw_text"]),
        ({"tags": ["a\0b"]}, ["tags.0"]),
        ({"a\0b": 1}, ["body"]),
        ({"raw_text": 5, "source_type": 5}, ["raw_text", "source_type"]),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(ana, owner, change, fields):
    assert_problem(ana.post("/api/items", json=NOTE | change), 422, "invalid_input", *fields)
    assert owner.execute("SELECT count(*) FROM items").fetchone() == (0,)


@pytest.mark.parametrize("depth", [500, 1000, 100_000])
def test_json_nested_however_deep_is_refused(ana, depth):
    body = '{"source_type": "note", "raw_text": ' + "[" * depth + "]" * depth + "}"
    answer = ana.post("/api/items", data=body, content_type=JSON)
    assert answer.status_code in (400, 422)
    assert len(answer.data) < 2_000


@pytest.mark.long
@pytest.mark.parametrize(
    "change",
    [
        {"accepted_suggestion_ids": [1] * 100_000},
        {"add_tags": [1] * 100_000},
        {"add_tags": ["\0"] * 10_000},
        {f"field {number}": 1 for number in range(50_000)},
        {"add_tags": ["x" * 60] * 20, "remove_tags": ["x" * 60] * 20},
        {"x" * 100_000: 1},
    ],
    ids=["ids", "tags", "nul", "members", "long tags", "a long name"],
)
def test_the_answer_to_wrong_input_is_short(ana, change):
    item = ana.post("/api/items", json=NOTE).json
    answer = ana.patch(f"/api/items/{item['id']}", json=change)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert len(answer.data) < 10_000


def test_an_item_of_nothing_names_both_fields(ana):
    answer = ana.post("/api/items", json={"source_type": "note"})
    assert_problem(answer, 422, "invalid_input", "raw_text", "source_url")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "retry"}, "action"),
        ({"action": "CONFIRM"}, "action"),
        ({"title": ""}, "title"),
        ({"summary": "x" * 2001}, "summary"),
        ({"accepted_suggestion_ids": ["x"]}, "accepted_suggestion_ids.0"),
        ({"source_url": "https://example.com/"}, "source_url"),
        ({"status": "confirmed"}, "status"),
    ],
    ids=str,
)
def test_a_wrong_change_names_its_field(ana, change, field):
    item = ana.post("/api/items", json=NOTE).json
    answer = ana.patch(f"/api/items/{item['id']}", json=change)
    assert_problem(answer, 422, "invalid_input", field)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "multipart/form-data"]
)
def test_another_content_type_is_415(ana, content_type):
    answer = ana.post("/api/items", data=b"{}", content_type=content_type)
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
@pytest.mark.parametrize("path", ["/api/items", "/api/imports"])
def test_a_compressed_body_is_415(ana, path, encoding):
    kind = "application/json" if path == "/api/items" else "application/x-ndjson"
    headers = {"Content-Encoding": encoding, "Content-Type": kind}
    answer = ana.post(path, data=b"{}", headers=headers)
    assert_problem(answer, 415, "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "identity"


def test_json_with_a_charset_is_json(ana):
    answer = ana.post(
        "/api/items",
        data=b'{"source_type": "note", "raw_text": "x"}',
        content_type="application/json; charset=utf-8",
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "path", ["/nothing", "//api//items/pending", "/api/items/no-uuid", "/api/items/"]
)
def test_an_address_of_nothing_is_404(ana, path):
    # The test client would take what follows two slashes for a host.
    answer = ana.get("/", environ_overrides={"PATH_INFO": path})
    assert_problem(answer, 404, "not_found")


def test_an_unknown_id_is_404(ana):
    assert_problem(ana.get(f"/api/items/{NOWHERE}"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/items", {"POST", "OPTIONS"}),
        ("PUT", f"/api/items/{NOWHERE}", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
        ("GET", f"/api/items/{NOWHERE}/retry", {"POST", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_405_and_tells_the_right_ones(ana, method, path, allowed):
    answer = ana.open(path, method=method)
    assert_problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_body_too_large_is_413(ana, settings):
    answer = ana.post("/api/items", data=b"x" * (settings.max_body_bytes + 1), content_type=JSON)
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health?deep=1"),
        ("GET", "/api/items/pending?cursr=1"),
        ("GET", "/api/quota?cursor=1"),
        ("POST", "/api/items?dry=1"),
        ("POST", "/api/documents?title=x"),
        ("GET", "/api/quota?\0=1"),
    ],
)
def test_an_unknown_parameter_is_named(ana, method, path):
    answer = ana.open(path, method=method)
    assert answer.status_code == 422
    (mistake,) = answer.json["errors"]
    assert mistake["field"] == path.partition("?")[2].partition("=")[0].replace("\0", "\ufffd")


def test_a_nul_in_the_query_is_422(ana):
    assert_problem(ana.get("/api/items/pending?cursor=%00"), 422, "invalid_input", "cursor")


def test_an_error_of_ours_tells_nothing_of_its_cause(ana, owner, logged):
    owner.execute("ALTER TABLE items ADD CONSTRAINT secret_rule CHECK (raw_text <> 'Buy milk.')")
    try:
        answer = ana.post("/api/items", json=NOTE)
    finally:
        owner.execute("ALTER TABLE items DROP CONSTRAINT secret_rule")
    assert_problem(answer, 500, "internal_error")
    for told in (b"secret_rule", b"Traceback", b"psycopg", b"INSERT"):
        assert told not in answer.data
    (told,) = [line for line in logged if line["event"] == "internal_error"]
    assert told["constraint"] == "secret_rule"
    assert "webapp/blueprints/library/items.py" in told["traceback"]
    assert "Buy milk" not in str(told)


def test_no_words_of_the_client_come_back_as_markup(ana):
    answer = ana.get("/<script>alert(1)</script>")
    assert_problem(answer, 404, "not_found")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
