"""Signing in during development."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest


def test_the_first_use_of_a_handle_makes_the_user_and_their_workspace(sign_in, owner):
    assert sign_in("ana").get("/api/items/pending").status_code == 200
    assert sign_in("ana").get("/api/items/pending").status_code == 200
    rows = owner.execute(
        "SELECT u.handle, w.name, m.role FROM users u JOIN workspaces w ON w.personal_of = u.id"
        " JOIN members m ON m.workspace_id = w.id AND m.user_id = u.id"
    )
    assert rows.fetchall() == [("ana", "ana", "owner")]


@pytest.mark.long
def test_ten_first_uses_at_once_make_one_user(sign_in, owner):
    with ThreadPoolExecutor(10) as threads:
        answers = threads.map(lambda _: sign_in("ana").get("/api/items/pending"), range(10))
    assert {answer.status_code for answer in answers} == {200}
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (1,)
    assert owner.execute("SELECT count(*) FROM workspaces").fetchone() == (1,)


@pytest.mark.parametrize("handle", ["", "Ana", "a b", "-a", "a" * 65, "a'--", "ä"])
def test_an_invalid_handle_is_401(client, owner, handle):
    answer = client.get(
        "/api/items/pending", headers={"X-Dev-User-Id": handle.encode().decode("latin-1")}
    )
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (0,)


@pytest.mark.long
@pytest.mark.parametrize("environment", ["test", "production"])
def test_it_is_refused_outside_development(make_app, owner, environment):
    app = make_app(environment=environment)
    answer = app.test_client().get("/api/items/pending", headers={"X-Dev-User-Id": "ana"})
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (0,)
