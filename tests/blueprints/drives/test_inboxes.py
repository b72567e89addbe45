"""Inboxes over HTTP: their addresses are shown once, and can be rotated."""

from __future__ import annotations

import re

import pytest

from sql import queries
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.identity.ids import new_id


def inbox_in(place: Place) -> object:
    """An inbox whose address nobody knows."""
    return queries.inboxes.create(
        place.make.conn,
        workspace_id=place.workspace_id,
        user_id=place.owner.id,
        name="Scanner",
        folder_id=None,
        token_hash=new_id().bytes,
    )["id"]


EXAMPLES = Examples(
    things={"inbox_id": inbox_in},
    personal={"inbox_id"},
    bodies={"inboxes.create": {"name": "x"}},
    # Their answers contain the secret address.
    not_kept={"/api/inboxes", "/api/inboxes/<uuid:inbox_id>/rotate"},
    unlike_their_method={"inboxes.list_own"},
)


@pytest.fixture
def mailed(make_app):
    """Ana's client of a server that receives mail."""
    client = make_app(mail_in_domain="in.example.com").test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    return client


@pytest.mark.long
def test_an_inbox_is_made_shown_without_its_address_rotated_and_ended(mailed, owner):
    made = mailed.post("/api/inboxes", json={"name": "Scanner"})
    assert made.status_code == 201
    address = made.json["address"]
    assert re.fullmatch(r"inbox\+[a-z2-7]{26}@in\.example\.com", address)
    (listed,) = mailed.get("/api/inboxes").json["items"]
    assert listed == {name: value for name, value in made.json.items() if name != "address"}
    path = f"/api/inboxes/{made.json['id']}"
    rotated = mailed.post(f"{path}/rotate").json
    assert rotated["id"] == made.json["id"]
    assert rotated["address"] != address
    rows = owner.execute("SELECT i::text FROM inboxes AS i").fetchall()
    for each in (address, rotated["address"]):
        assert each.partition("+")[2].partition("@")[0] not in str(rows)
    assert mailed.delete(path).status_code == 204
    assert mailed.delete(path).status_code == 404
    assert mailed.get("/api/inboxes").json["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x", "folder_id": NOWHERE}, "folder_id"),
        ({"name": "x", "address": "me@in.example.com"}, "address"),
    ],
    ids=str,
)
def test_wrong_input_is_named(mailed, body, field):
    assert_problem(mailed.post("/api/inboxes", json=body), 422, "invalid_input", field)


def test_a_server_that_receives_no_mail_has_no_inboxes(ana):
    answer = ana.post("/api/inboxes", json={"name": "Scanner"})
    assert_problem(answer, 409, "mail_in_not_configured")
