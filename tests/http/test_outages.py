"""A database that refuses to work is reported as such, and soon."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import quote

import pytest

from sql import queries
from webapp.app import create_app
from webapp.http import db

NOTE = {"source_type": "note", "raw_text": "The oak posts.", "enrich": False}
ANA = {"X-Dev-User-Id": "ana"}


@pytest.fixture
def app_with(settings, database):
    """Makes clients of apps whose connections have certain parameters."""
    made = []

    def make_app(*parameters, **changes):
        given = quote(" ".join(f"-c {each}" for each in parameters))
        url = f"{settings.database_url}?options={given}"
        made.append(create_app(replace(settings, database_url=url, **changes)))
        return made[-1].test_client()

    yield make_app
    for app in made:
        db.pool.of(app).close()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("40001", "collided"),
        ("40P01", "collided"),
        ("55P03", "collided"),
        ("57014", "took_too_long"),
        ("25006", "database_read_only"),
        ("0A000", "database_read_only"),
        ("53100", "database_full"),
        ("53200", "database_unavailable"),
        ("53300", "database_unavailable"),
        ("57P01", "database_unavailable"),
        ("57P03", "database_unavailable"),
        ("57P05", "database_unavailable"),
        ("58030", "database_unavailable"),
        ("08006", "database_unavailable"),
    ],
)
def test_what_is_wrong_with_the_database_is_reported_as_503(ana, monkeypatch, state, code):
    def refuse(conn, **_):
        conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")

    monkeypatch.setattr(queries.items, "create", refuse)
    answer = ana.post("/api/items", json=NOTE)
    assert (answer.status_code, answer.json["code"]) == (503, code)
    assert int(answer.headers["Retry-After"]) > 0


def test_what_is_the_matter_with_a_statement_of_ours_is_our_fault(ana, monkeypatch):
    monkeypatch.setattr(queries.items, "create", lambda conn, **_: conn.execute("SELECT 1/0"))
    answer = ana.post("/api/items", json=NOTE)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")


@pytest.mark.long
def test_a_database_that_takes_no_changes_is_read_and_refuses_the_rest(app_with, ana):
    item = ana.post("/api/items", json=NOTE).json
    client = app_with("default_transaction_read_only=on", rate_limit_reads=100)
    for _ in range(3):
        answer = client.get(f"/api/items/{item['id']}", headers=ANA)
        assert (answer.status_code, answer.json["id"]) == (200, item["id"])
    for answer in (
        client.post("/api/items", json=NOTE, headers=ANA),
        client.post("/api/items", json=NOTE, headers=ANA | {"Idempotency-Key": "k"}),
        client.patch(f"/api/items/{item['id']}", json={"title": "Oak"}, headers=ANA),
        client.post("/api/auth/login", json={"email": "a@example.com", "password": "x" * 12}),
    ):
        assert (answer.status_code, answer.json["code"]) == (503, "database_read_only")
        assert "no changes" in answer.json["detail"]
        assert answer.headers["Retry-After"]


@pytest.mark.long
def test_who_wants_a_row_that_somebody_holds_is_told_to_try_again(
    app_with, ana, database, monkeypatch
):
    monkeypatch.setitem(db._BOUNDS, "lock_timeout", "100ms")
    item = ana.post("/api/items", json=NOTE).json
    change = {"json": {"title": "Oak"}, "headers": ANA}
    client = app_with()
    with database.connect() as other, other.transaction():
        other.execute("SELECT FROM items WHERE id = %s FOR UPDATE", (item["id"],))
        answer = client.patch(f"/api/items/{item['id']}", **change)
        assert (answer.status_code, answer.json["code"]) == (503, "collided")
        assert answer.headers["Retry-After"] == "1"
        assert client.get(f"/api/items/{item['id']}", headers=ANA).json["title"] != "Oak"
    assert client.patch(f"/api/items/{item['id']}", **change).status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("pooler", [False, True])
def test_nobody_waits_or_works_for_ever(app_with, settings, pooler):
    client = app_with(database_pooler=pooler)
    with client.application.test_request_context("/"):
        client.application.preprocess_request()
        with db.transaction("test") as conn:
            found = conn.execute(
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
                " current_setting('idle_in_transaction_session_timeout')"
            ).fetchone()
    assert found == ("2s", "30s", "1min")


@pytest.mark.long
def test_what_a_pooler_lends_to_others_keeps_nothing_of_ours(app_with):
    client = app_with(database_pooler=True, database_pool_size=2)
    with client.application.test_request_context("/"):
        client.application.preprocess_request()
        with db.transaction("test"):
            pass
        with db.connection() as conn:
            assert conn.execute("SHOW lock_timeout").fetchone() == ("0",)


@pytest.mark.long
def test_the_health_of_a_database_whose_connections_are_all_held_is_well(app_with):
    client = app_with(database_pool_size=2)
    with (
        client.application.app_context(),
        db.pool().connection(),
    ):
        began = time.monotonic()
        assert client.get("/health").status_code == 200
        assert time.monotonic() - began < 1


@pytest.mark.long
def test_health_is_well_again_at_once_where_its_connection_was_ended(app_with, database):
    client = app_with()
    assert client.get("/health").status_code == 200
    with database.connect(role="admin") as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE application_name = 'coffer web' AND datname = current_database()"
        )
    assert client.get("/health").status_code == 200
