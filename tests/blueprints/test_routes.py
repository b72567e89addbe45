"""Rules that hold for every route, checked over the URL map."""

from __future__ import annotations

import pytest

from webapp.routes import permit


def view_of(app, endpoint):
    return app.view_functions[endpoint]


@pytest.mark.long
def test_every_route_declares_a_permission_and_few_are_public(
    shared_app, routes, examples, subtests
):
    for rule in routes:
        with subtests.test(rule.rule, endpoint=rule.endpoint):
            permission = view_of(shared_app, rule.endpoint).permission
            public = examples.open | examples.ways_in | examples.signed
            assert (permission == permit.PUBLIC) == (rule.rule in public)


@pytest.mark.long
def test_every_declared_permission_is_some_roles(shared_app, routes, owner):
    granted = {name for (name,) in owner.execute("SELECT permission FROM role_permissions")}
    declared = {view_of(shared_app, rule.endpoint).permission for rule in routes}
    assert declared - {permit.PUBLIC} == granted


@pytest.mark.long
def test_whatever_anybody_may_try_is_limited(shared_app, routes, examples, subtests):
    for rule in routes:
        with subtests.test(rule.rule, endpoint=rule.endpoint):
            is_limited = view_of(shared_app, rule.endpoint).is_limited
            assert is_limited == (rule.rule not in examples.open | examples.signed)


@pytest.mark.long
def test_nobody_gets_nothing_but_what_is_public(client, app, routes, calls, examples, subtests):
    signed = {rule.endpoint for rule in routes if rule.rule in examples.signed}
    for method, path, endpoint in calls:
        with subtests.test(endpoint, method=method):
            answer = client.open(path, method=method, buffered=True)
            if endpoint in signed:
                assert (answer.status_code, answer.json["code"]) == (401, "invalid_signature")
            elif view_of(app, endpoint).permission == permit.PUBLIC:
                assert answer.status_code in (200, 204, 404, 415, 422)
            else:
                assert answer.status_code == 401
                assert answer.json["code"] == "unauthenticated"
                assert "WWW-Authenticate" in answer.headers


@pytest.mark.long
def test_a_write_takes_more_than_a_permission_to_read(shared_app, calls, examples, subtests):
    for method, _, endpoint in calls:
        with subtests.test(endpoint, method=method):
            permission = view_of(shared_app, endpoint).permission
            reads = method == "GET" and permission != permit.PUBLIC
            is_unlike_it = endpoint in examples.unlike_their_method
            assert permission.endswith(":read") == (reads != is_unlike_it)


@pytest.mark.long
def test_a_post_may_be_sent_again_unless_its_answer_is_secret(
    shared_app, routes, examples, subtests
):
    # Those for signing in do not belong to anybody yet, and what is signed is recorded once.
    not_kept = examples.not_kept | examples.ways_in | examples.signed
    for rule in routes:
        if "POST" in rule.methods:
            with subtests.test(rule.rule):
                view = view_of(shared_app, rule.endpoint)
                assert getattr(view, "is_idempotent", False) == (rule.rule not in not_kept)


@pytest.mark.long
def test_every_answer_has_its_id_and_the_security_headers(ana, calls, subtests):
    for method, path, endpoint in calls:
        with subtests.test(endpoint, method=method):
            answer = ana.open(path, method=method, headers={"X-Request-Id": "mine"}, buffered=True)
            assert answer.headers["X-Request-Id"] == "mine"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.long
def test_a_caller_without_the_permission_is_403(ana):
    answer = ana.get("/api/admin/users")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert "admin:users:read" in answer.json["detail"]
