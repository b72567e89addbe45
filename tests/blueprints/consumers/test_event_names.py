"""Names of events: whoever asks for one that there is not would wait for ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.blueprints.test_bad_input import assert_problem

PROJECT = Path(__file__).parent.parent.parent.parent
HOOK = {"url": "https://example.com/hook"}


@pytest.fixture
def ask(ana):
    """Asks for events in each way that there is; gives the answers."""

    def of(*names):
        hook = ana.post("/api/webhooks", json=HOOK).json["id"]
        query = {"events": ",".join(names), "since": "now"}
        return [
            ana.get("/api/changes", query_string=query),
            ana.get("/api/changes/stream", query_string=query),
            ana.post("/api/webhooks", json=HOOK | {"events": names}),
            ana.patch(f"/api/webhooks/{hook}", json={"events": names}),
        ]

    return of


@pytest.mark.long
@pytest.mark.parametrize("name", ["foo.*", "item.enrich", "item.creatd", "webhook_delivery.failed"])
def test_a_name_that_no_event_has_is_refused_with_those_there_are(ask, name):
    for answer in ask("document.read", name):
        assert_problem(answer, 422, "invalid_input", "events")
        assert answer.json["errors"] == [
            {"field": "events", "message": f"There is no event {name} here."}
        ]
        assert {"item.enriched", "job.outputs.persisted"} <= set(answer.json["known_events"])


@pytest.mark.parametrize(
    "name",
    ["document.*", "item.created", "item.attempt_failed", "job.outputs.persisted", "token.*"],
)
def test_a_name_that_events_have_is_taken(ask, name):
    assert [each.status_code for each in ask(name)] == [200, 200, 201, 200]


@pytest.mark.long
@pytest.mark.parametrize("name", ["task.*", "task.deleted", "connection.removed"])
def test_of_what_is_one_users_alone_webhooks_are_told_in_the_personal_workspace(
    ask, name, olga, people
):
    assert [each.status_code for each in ask(name)] == [200, 200, 201, 200]
    team = {"X-Workspace-Id": str(people.workspace(olga))}
    hook = olga.client.post("/api/webhooks", json=HOOK, headers=team).json["id"]
    for answer in (
        olga.client.post("/api/webhooks", json=HOOK | {"events": [name]}, headers=team),
        olga.client.patch(f"/api/webhooks/{hook}", json={"events": [name]}, headers=team),
    ):
        assert_problem(answer, 422, "invalid_input", "events")
        assert "task.created" not in answer.json["known_events"]


@pytest.mark.long
def test_what_a_migration_adds_is_known_at_once(ask, owner):
    assert ask("item.admired")[0].status_code == 422
    owner.execute("INSERT INTO noted_events VALUES ('item.admired', 'item')")
    try:
        assert [each.status_code for each in ask("item.admired")] == [200, 200, 201, 200]
    finally:
        owner.execute("DELETE FROM noted_events WHERE event = 'item.admired'")


@pytest.mark.long
def test_every_event_that_is_written_is_known(owner):
    """Statements name events in quotation marks, and so do calls of what records one."""
    known = {event for (event,) in owner.execute("SELECT event FROM known_events")}
    entities = {entity for (entity,) in owner.execute("SELECT DISTINCT entity FROM transitions")}
    written = set()
    for path in PROJECT.glob("sql/queries/**/*.sql"):
        written |= set(re.findall(r"'(\w+\.[\w.]+)'", path.read_text()))
    for folder in ("webapp", "workers"):
        for path in PROJECT.glob(f"{folder}/**/*.py"):
            calls = re.findall(
                r'(?:event ?= ?|record_version\([^)]*?)"(\w+\.[\w.]+)"', path.read_text()
            )
            written |= set(calls)
    written = {each for each in written if each.partition(".")[0] in entities}
    assert {"item.edited", "document.version_added", "job.reviewed"} <= written
    assert written - known == set()
    noted = {event for (event,) in owner.execute("SELECT event FROM noted_events")}
    added = {"document.version_added"}  # by `make_current`, whose caller names it
    assert noted - written - added == set()
