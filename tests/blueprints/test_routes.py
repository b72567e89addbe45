"""Rules that hold for every route, checked over the URL map."""

from __future__ import annotations

import pytest

from webapp import auth
from webapp.app import create_app
from webapp.settings import Settings

# An id that nothing has.
NOWHERE = "00000000-0000-7000-8000-000000000000"

# The map needs no database: the app opens its pool at the first request.
ROUTES = list(
    create_app(
        Settings(
            environment="development",
            database_url="postgresql://nowhere.invalid/x",
            database_migrate_url="postgresql://nowhere.invalid/x",
            secret_key="x" * 32,
        )
    ).url_map.iter_rules()
)
CALLS = [
    (method, rule.rule.replace("<uuid:item_id>", NOWHERE), rule.endpoint)
    for rule in ROUTES
    for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
]
PUBLIC = {"/health", "/metrics", "/docs", "/docs/", "/docs/<file>", "/api/openapi.json"}


def view_of(app, endpoint):
    return app.view_functions[endpoint]


@pytest.mark.parametrize("rule", ROUTES, ids=lambda rule: f"{rule.rule}-{rule.endpoint}")
def test_every_route_declares_a_permission_and_few_are_public(shared_app, rule):
    permission = view_of(shared_app, rule.endpoint).permission
    assert permission in {auth.PUBLIC, *auth.OWNER_PERMISSIONS}
    assert (permission == auth.PUBLIC) == (rule.rule in PUBLIC)


@pytest.mark.parametrize(("method", "path", "endpoint"), CALLS)
def test_nobody_gets_nothing_but_what_is_public(client, app, method, path, endpoint):
    answer = client.open(path.replace("<file>", "start.js"), method=method, buffered=True)
    if view_of(app, endpoint).permission == auth.PUBLIC:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 401
        assert answer.json["code"] == "unauthenticated"
        assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(("method", "path", "endpoint"), CALLS)
def test_a_write_takes_a_permission_to_write(shared_app, method, path, endpoint):
    permission = view_of(shared_app, endpoint).permission
    if method != "GET":
        assert permission.endswith(":write")


@pytest.mark.parametrize(("method", "path", "endpoint"), CALLS)
def test_every_post_may_be_sent_again(shared_app, method, path, endpoint):
    if method == "POST":
        assert view_of(shared_app, endpoint).is_idempotent


@pytest.mark.parametrize(("method", "path", "endpoint"), CALLS)
def test_every_answer_has_its_id_and_the_security_headers(ana, method, path, endpoint):
    answer = ana.open(path, method=method, headers={"X-Request-Id": "mine"}, buffered=True)
    assert answer.headers["X-Request-Id"] == "mine"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_permission_that_does_not_exist_cannot_be_declared():
    with pytest.raises(ValueError, match="no permission"):
        auth.permit("workspace:itmes:read")


def test_a_caller_without_the_permission_is_403(ana, monkeypatch):
    monkeypatch.setattr(auth, "OWNER_PERMISSIONS", frozenset({"workspace:items:read"}))
    assert ana.get("/api/items/pending").status_code == 200
    answer = ana.post("/api/items", json={})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
