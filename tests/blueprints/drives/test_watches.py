"""Watched folders over HTTP; what scans find is in tests/workers."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.drives.test_connections import connection_in
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE


def watch_in(place: Place) -> object:
    """A folder that is watched."""
    return queries.watches.create(
        place.make.conn,
        workspace_id=place.workspace_id,
        user_id=place.owner.id,
        connection_id=connection_in(place),
        path="scans",
        folder_id=None,
        uid_validity=None,
        last_uid=None,
    )


EXAMPLES = Examples(
    things={"watch_id": watch_in},
    personal={"watch_id"},
    bodies={"watches.create": {"path": "scans"}},
    unlike_their_method={"watches.list_of_connection", "watches.list_events"},
)


@pytest.mark.long
def test_a_folder_is_watched_once_until_it_no_longer_is(ana, connect, owner):
    path = connect(ana).headers["Location"]
    made = ana.post(f"{path}/watches", json={"path": "scans"})
    assert made.status_code == 201
    assert made.json["status"] == "watching"
    assert ana.get(f"{path}/watches").json["items"] == [made.json]
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("scan_watches",)]
    again = ana.post(f"{path}/watches", json={"path": "scans"})
    assert_problem(again, 409, "already_watched")
    watch = f"/api/watches/{made.json['id']}"
    assert [each["event"] for each in ana.get(f"{watch}/events").json["items"]] == ["watch.created"]
    assert ana.delete(watch).status_code == 204
    assert ana.delete(watch).status_code == 404
    assert ana.get(f"{path}/watches").json["items"] == []


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({}, "invalid_input", ["path"]),
        ({"path": "../x"}, "drive_invalid_path", []),
        ({"path": "a\0"}, "invalid_input", ["path"]),
        ({"path": "a", "folder_id": NOWHERE}, "invalid_input", ["folder_id"]),
    ],
    ids=str,
)
def test_wrong_input_is_named(ana, connect, body, code, fields):
    path = connect(ana).headers["Location"]
    assert_problem(ana.post(f"{path}/watches", json=body), 422, code, *fields)


def test_a_broken_connection_watches_nothing(ana, connect, owner):
    path = connect(ana).headers["Location"]
    owner.execute("UPDATE connections SET status = 'broken'")
    assert_problem(ana.post(f"{path}/watches", json={"path": ""}), 409, "drive_credentials")
