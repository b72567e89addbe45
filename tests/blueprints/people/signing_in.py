"""What tests of log-ins and tests of sessions have in common."""

from __future__ import annotations

import time

from tests.people import PASSWORD

EMAIL = "ana@example.com"
WRONG = "a garden fence of pine"


def log_in(client, email=EMAIL, password=PASSWORD, **more):
    return client.post("/api/auth/login", json={"email": email, "password": password, **more})


def logged_in(client, **more):
    answer = log_in(client, **more)
    assert answer.status_code == 200, answer.json
    return answer.json


def refresh(client, token):
    return client.post("/api/auth/refresh", json={"refresh_token": token})


def me(client, access_token):
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {access_token}"})


def actions(owner):
    return [row[0] for row in owner.execute("SELECT action FROM audit_log ORDER BY id")]


def told(answer):
    """Everything in an answer, apart from what differs between any two."""
    body = {key: value for key, value in (answer.json or {}).items() if key != "requestId"}
    headers = [
        (name, value)
        for name, value in answer.headers.items()
        if name not in ("X-Request-Id", "Date")
    ]
    return answer.status_code, body, headers


def at(app, address):
    """A client at an address."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def assert_refused(answer, code, status=401):
    assert (answer.status_code, (answer.json or {}).get("code")) == (status, code)


def wait_until_blocked(conn, count):
    """Wait until that many connections are waiting for a lock."""
    deadline = time.monotonic() + 10
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    while conn.execute(waiting).fetchone()[0] < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)
