"""How long a process may remember who a token stands for: a second to read, never to write."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.people import People
from webapp.access.callers import Caller, Found, Known


@pytest.fixture
def forgetful(make_app):
    """An app that remembers callers for a minute, to see what that does."""
    return make_app(access_check_seconds=60)


@pytest.fixture
def ana(forgetful, make, owner):
    return People(forgetful, make, owner).person("ana")


def end_sessions_elsewhere(owner):
    owner.execute("UPDATE sessions SET status = 'ended'")


def test_who_was_let_in_to_read_is_not_asked_for_again(ana, owner):
    assert ana.client.get("/api/items/pending").status_code == 200
    end_sessions_elsewhere(owner)
    assert ana.client.get("/api/items/pending").status_code == 200


def test_who_writes_is_always_asked_for(ana, owner):
    assert ana.client.get("/api/items/pending").status_code == 200
    end_sessions_elsewhere(owner)
    assert ana.client.post("/api/items", json={}).status_code == 401


def test_it_is_for_this_permission_and_this_workspace_alone(ana, owner):
    assert ana.client.get("/api/items/pending").status_code == 200
    end_sessions_elsewhere(owner)
    assert ana.client.get("/api/auth/me").status_code == 401
    elsewhere = {"X-Workspace-Id": "00000000-0000-7000-8000-000000000000"}
    assert ana.client.get("/api/items/pending", headers=elsewhere).status_code == 401


def test_a_change_of_access_in_this_process_is_noticed_at_once(ana):
    assert ana.client.get("/api/items/pending").status_code == 200
    assert ana.client.post("/api/auth/logout-everywhere", json={}).status_code == 200
    assert ana.client.get("/api/items/pending").status_code == 401


def test_who_was_refused_is_asked_for_again(ana, owner):
    assert ana.client.get("/api/admin/users").status_code == 403
    owner.execute("UPDATE users SET is_admin = true")
    assert ana.client.get("/api/admin/users").status_code == 200


ANA = Found(UUID(int=1), Caller(user_id=UUID(int=1), workspace_id=UUID(int=2)), is_permitted=True)


def test_after_its_time_it_is_forgotten():
    key = ("API key", "cfk_x", None, "account:read")
    for seconds, found in ((0.0, None), (60.0, ANA), (1e-9, None)):
        known = Known(seconds)
        known.put(key, ANA)
        assert known.get(key) is found


@pytest.mark.long
def test_it_does_not_grow_without_end():
    known = Known(60.0)
    for number in range(10_100):
        known.put(("API key", str(number), None, "account:read"), ANA)
    assert known.get(("API key", "0", None, "account:read")) is None
    assert known.get(("API key", "10099", None, "account:read")) is ANA
