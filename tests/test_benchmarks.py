"""What benchmarks put into a database still fits its tables: they are rarely run themselves."""

from __future__ import annotations

import importlib

import pytest

from benchmarks import authentication, search
from benchmarks.consumers import changes
from benchmarks.http import limit, rows
from benchmarks.http.peer import schemas
from webapp.schemas.library.items import Item, ItemInList
from webapp.schemas.library.tasks import Task


@pytest.mark.long
def test_pages_of_changes_can_be_measured(database):
    with database.connect(role="admin") as conn:
        assert changes.fill(conn, 1000) == 1000
        assert conn.execute("SELECT count(*) FROM events").fetchone() == (1000,)


@pytest.mark.long
@pytest.mark.parametrize("fill", [rows.fill, authentication.fill, search.prepare])
def test_a_benchmark_can_fill_its_database(owner, fill):
    assert fill(owner)


def test_the_engine_can_be_measured():
    """It makes results of workers, whose form may change."""
    assert importlib.import_module("benchmarks.engine.coffer_engine")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(schemas.ItemOut, Item), (schemas.ItemInList, ItemInList), (schemas.TaskOut, Task)],
    ids=["item", "item in a list", "task"],
)
def test_the_peer_answers_with_the_same_fields(theirs, ours):
    assert set(theirs.model_fields) == set(ours().fields)


@pytest.mark.long
def test_the_statements_of_requests_can_be_measured_alone(owner, database, app, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database.url)
    found = rows.fill(owner)
    assert all(script(found) for script in limit.SCRIPTS.values())
    floor = importlib.import_module("benchmarks.http.statements_app")
    floor, whole = floor.application.test_client(), app.test_client()
    key = {"X-API-Key": found.key}
    new = {"source_type": "note", "raw_text": "Oak.", "tags": ["tag 7", "tag 3"]}
    for method, path, body in (
        ("GET", f"/api/items/{found.item_id}", None),
        ("GET", "/api/library?limit=50", None),
        ("POST", "/api/items", new),
        ("PATCH", f"/api/me/tasks/{rows.TASK_ID.format(1)}/complete", None),
    ):
        told = [
            client.open(path, method=method, json=body, headers=key | {"Idempotency-Key": name})
            for name, client in (("floor", floor), ("whole", whole))
        ]
        one, other = (each.json.get("items", [each.json])[0].keys() for each in told)
        assert one == other, told
