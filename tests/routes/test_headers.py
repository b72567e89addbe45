"""What browsers are told: CORS for configured origins, security headers."""

from __future__ import annotations

import pytest

OURS = "https://app.example.com"


@pytest.fixture
def cors(make_app):
    return make_app(cors_origins=(OURS,)).test_client()


def preflight(client, origin):
    return client.options(
        "/api/items",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, idempotency-key, x-dev-user-id",
        },
    )


def test_a_preflight_of_a_configured_origin_is_granted(cors):
    answer = preflight(cors, OURS)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    granted = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"content-type", "idempotency-key", "x-dev-user-id"} <= set(granted.split(", "))
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", OURS + ".evil.example", "http://app.example.com", "null"]
)
def test_other_origins_are_told_nothing(cors, origin):
    assert "Access-Control-Allow-Origin" not in preflight(cors, origin).headers
    answer = cors.get("/api/items/pending", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_error_is_readable_for_a_configured_origin_too(cors):
    answer = cors.get("/api/items/pending", headers={"Origin": OURS})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


def test_without_configured_origins_there_is_no_cors(client):
    assert "Access-Control-Allow-Origin" not in preflight(client, OURS).headers


@pytest.mark.long
@pytest.mark.parametrize(("environment", "sent"), [("production", True), ("development", False)])
def test_https_is_demanded_in_production_alone(make_app, environment, sent):
    app = make_app(environment=environment)
    answer = app.test_client().get("/api/items/pending")
    assert ("Strict-Transport-Security" in answer.headers) == sent


PRIVATE = {"Authorization", "X-API-Key", "X-Workspace-Id", "X-Dev-User-Id"}


def vary_of(answer):
    return {name.strip() for line in answer.headers.getlist("Vary") for name in line.split(",")}


@pytest.mark.long
def test_each_answer_says_who_may_keep_it(ana, client):
    note = {"source_type": "note", "raw_text": "The oak posts.", "enrich": False}
    made = ana.post("/api/items", json=note)
    item = f"/api/items/{made.json['id']}"
    private = [ana.get(item), ana.get("/api/library")]
    assert {answer.headers["Cache-Control"] for answer in private} == {"private, no-cache"}
    known = ana.get(item, headers={"If-None-Match": private[0].headers["ETag"]})
    assert (known.status_code, known.headers["Cache-Control"]) == (304, "private, no-cache")
    transient = [
        made,
        ana.patch(item, json={"title": "Oak"}),
        ana.get("/api/export/items.jsonl"),
        ana.get("/api/items/no-such-thing"),
        ana.get("/api/nothing"),
        ana.delete("/api/items"),
        ana.post("/api/items", json={}),
        client.get("/api/library"),
        client.get("/health"),
        client.get("/metrics"),
    ]
    assert [answer.headers["Cache-Control"] for answer in transient] == ["no-store"] * 10
    for answer in (*private, known, *transient):
        assert vary_of(answer) == PRIVATE, answer.request.path


@pytest.mark.long
def test_what_is_the_same_for_everybody_is_anybodys_to_keep(client):
    description = client.get("/api/openapi.json")
    assert description.headers["Cache-Control"] == "public, no-cache"
    seen = {"If-None-Match": description.headers["ETag"]}
    assert client.get("/api/openapi.json", headers=seen).status_code == 304
    with client.get("/docs/start.js") as page:
        for answer in (description, page):
            assert answer.headers["Cache-Control"].startswith("public")
            assert vary_of(answer) == set()


@pytest.mark.long
def test_what_varies_by_origin_varies_by_the_caller_too(make_app):
    app = make_app(cors_origins=(OURS, "https://other.example.com"))
    answer = app.test_client().get("/api/library", headers={"Origin": OURS})
    assert vary_of(answer) == PRIVATE | {"Origin"}
