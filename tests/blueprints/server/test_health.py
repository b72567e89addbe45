"""Health. What happens when PostgreSQL hangs or restarts is in tests/processes/."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from tests.blueprints.examples import Examples
from tests.processes import eventually
from webapp.app import create_app
from webapp.blueprints.server.health import Check
from webapp.http import db
from webapp.schemas.server.health import Health

EXAMPLES = Examples(open={"/health"})


def test_all_is_well(client):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "postgres": "ok", "storage": "ok", "warnings": []}
    assert Health().load(answer.json)


@pytest.mark.long
def test_in_production_a_store_on_the_local_disk_is_warned_of(make_app):
    app = make_app(environment="production")
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.json["warnings"]) == (200, ["storage_is_local"])


@pytest.mark.long
def test_a_database_that_is_away_is_named(settings):
    away = replace(settings, database_url="postgresql://x:x@127.0.0.1:1/x")
    app = create_app(away)
    began = time.monotonic()
    answer = app.test_client().get("/health")
    assert time.monotonic() - began < 2
    db.pool.of(app).close()
    assert answer.status_code == 503
    failing = {"status": "failing", "postgres": "failing", "storage": "ok", "warnings": []}
    assert answer.json == failing


@pytest.mark.long
def test_a_database_that_is_away_is_503_for_every_call(settings, monkeypatch):
    monkeypatch.setattr("webapp.http.db.POOL_TIMEOUT", 0.2)
    app = create_app(replace(settings, database_url="postgresql://x:x@127.0.0.1:1/x"))
    answer = app.test_client().get("/api/items/pending", headers={"X-Dev-User-Id": "ana"})
    db.pool.of(app).close()
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]


@pytest.fixture
def hanging():
    released = threading.Event()
    asked = []

    def hang():
        asked.append(1)
        released.wait(10)

    yield Check(hang), asked, released
    released.set()


@pytest.mark.long
def test_a_part_that_hangs_holds_one_thread_however_often_it_is_asked(hanging, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.server.health._PATIENCE", 0.05)
    check, asked, released = hanging
    assert [check.answers() for _ in range(3)] == [False, False, False]
    assert len(asked) == 1
    released.set()
    monkeypatch.setattr("webapp.blueprints.server.health._PATIENCE", 60.0)
    eventually(check.answers)
    assert check.answers()
