"""A user's whole session against the real thing: two web processes, a worker, a mail server.

Afterwards, everything that was logged is searched for everything that was secret.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from tests import databases
from tests.processes import BIN, eventually, running, serving
from tests.smtp_server import smtp_server

PASSWORD = "a garden fence of oak"
NEW_PASSWORD = "another fence of oak posts"
SETTINGS = {
    "COFFER_ENV": "test",
    "SECRET_KEY": "a secret for tests only, of 32 characters or more",
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_TIME_COST": "1",
    "MAIL_FROM": "coffer@example.com",
    "PUBLIC_URL": "http://localhost:8080",
    "TRUSTED_PROXIES": "1",
    "LOG_LEVEL": "DEBUG",
}


@pytest.fixture(scope="module")
def database(server_url):
    with databases.new_database(server_url, "coffer_test_whole_session") as made:
        yield made


@pytest.fixture(scope="module")
def world(database):
    """The web with two processes, a worker, and a server for the mail that they send."""
    with contextlib.ExitStack() as stack:
        post_office = stack.enter_context(smtp_server())
        variables = SETTINGS | {"SMTP_URL": post_office.url}
        api = stack.enter_context(serving(database, WEB_CONCURRENCY="2", **variables))
        worker = stack.enter_context(running("coffer", "work", database=database, **variables))
        yield Session(api, worker, post_office)


class Session:
    """What a user does, and every secret that they learn from it."""

    def __init__(self, api, worker, post_office):
        self.api, self.worker, self.post_office = api, worker, post_office
        self.secrets = set()
        self.address = "192.0.2.1"

    def __call__(self, method, path, body=None, *, token=None, **headers):
        headers |= {"X-Forwarded-For": self.address}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        status, _, answer = self.api(method, path, body, **headers)
        self._learn(body)
        self._learn(answer)
        return status, answer

    def mail(self, subject):
        """The mail with this in its subject, once it has arrived."""
        return eventually(
            lambda: next(
                (each for each in self.post_office.messages if subject in each["Subject"]), None
            )
        )

    def mailed_token(self, subject):
        """The token of a mail."""
        message = self.mail(subject)
        token = re.search(r"^token=(\S+)$", message.get_content(), re.MULTILINE)[1]
        self.secrets.add(token)
        return token

    def log_in(self, password):
        return self("POST", "/api/auth/login", {"email": "ana@example.com", "password": password})

    def _learn(self, said):
        if not isinstance(said, dict):
            return
        for name, value in said.items():
            if re.search("password|token|secret|code|ticket|^key$|uri|qr", name) and value:
                found = value if isinstance(value, list) else [value]
                self.secrets.update(
                    each for each in found if isinstance(each, str) and len(each) > 5
                )
        self.secrets -= {"invalid_token", "see_your_mail", "Bearer", said.get("code")}


def code_of(secret, *, step=0):
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * step)


def test_a_whole_session_and_nothing_secret_in_its_logs(world, database):
    call = world
    registration = {"email": "ana@example.com", "password": PASSWORD, "name": "Ana"}
    assert call("POST", "/api/auth/register", registration)[0] == 202
    confirmed = {"token": call.mailed_token("Confirm your"), "password": PASSWORD}
    assert call("POST", "/api/auth/confirm", confirmed)[0] == 201

    status, first = call.log_in(PASSWORD)
    assert status == 200
    token = first["access_token"]
    status, enrolment = call("POST", "/api/auth/totp/enrol", {"password": PASSWORD}, token=token)
    assert status == 200
    secret = enrolment["secret"]
    status, codes = call("POST", "/api/auth/totp/verify", {"code": code_of(secret)}, token=token)
    assert (status, len(codes["recovery_codes"])) == (200, 10)

    status, ticket = call.log_in(PASSWORD)
    assert (status, ticket["totp_required"]) == (202, True)
    # One step ahead, so that it is another code even if a step ends just now.
    second_step = {"ticket": ticket["ticket"], "code": code_of(secret, step=1)}
    assert call("POST", "/api/auth/login/totp", second_step | {"code": "000000"})[0] == 401
    status, second = call("POST", "/api/auth/login/totp", second_step)
    assert status == 200
    assert call("POST", "/api/auth/login/totp", second_step)[0] == 401

    new_key = {"name": "reader", "scopes": ["workspace:items:read"], "password": PASSWORD}
    wrong = new_key | {"password": "a garden fence of pine"}
    assert call("POST", "/api/api-keys", wrong, token=second["access_token"])[0] == 403
    status, key = call("POST", "/api/api-keys", new_key, token=second["access_token"])
    assert status == 201
    assert call("GET", "/api/items/pending", **{"X-API-Key": key["key"]})[0] == 200
    assert call("POST", "/api/items", {}, **{"X-API-Key": key["key"]})[0] == 403
    assert call("GET", "/api/items/pending", **{"X-API-Key": key["key"] + "x"})[0] == 401

    spent = {"refresh_token": second["refresh_token"]}
    status, third = call("POST", "/api/auth/refresh", spent)
    assert status == 200
    status, again = call("POST", "/api/auth/refresh", spent)
    assert (status, again["refresh_token"]) == (200, third["refresh_token"])
    with database.connect() as owner:
        owner.execute("UPDATE sessions SET refreshed_at = refreshed_at - interval '11 seconds'")
    status, refused = call("POST", "/api/auth/refresh", spent)
    assert (status, refused["code"]) == (401, "refresh_token_reused")
    # The other process may rely on what it asked within the last second.
    ended = third["access_token"]
    eventually(lambda: call("GET", "/api/auth/me", token=ended)[0] == 401)
    assert call("POST", "/api/items", {}, token=ended)[0] == 401
    assert call("GET", "/api/auth/me", token=token)[0] == 200

    assert call("POST", "/api/auth/password/forgot", {"email": "ana@example.com"})[0] == 202
    reset = {"token": call.mailed_token("Choose a new"), "password": NEW_PASSWORD}
    assert call("POST", "/api/auth/password/reset", reset)[0] == 204
    assert call("POST", "/api/items", {}, token=token)[0] == 401
    assert call.log_in(PASSWORD)[0] == 401
    assert call.log_in(NEW_PASSWORD)[0] == 202
    assert call.mail("password was changed")["To"] == "ana@example.com"

    logs = call.api.process.log() + call.worker.log()
    assert "login.succeeded" not in logs  # the audit log is a table instead
    assert '"event":"request"' in logs
    assert len(call.secrets) > 25
    for each in call.secrets:
        assert each not in logs, each
    with database.connect() as owner:
        tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        kept = "\n".join(
            str(row)
            for (table,) in tables.fetchall()
            for row in owner.execute(f"SELECT * FROM {table}").fetchall()
        )
    for each in call.secrets:
        assert each not in kept, each


def test_the_limit_of_log_ins_holds_across_processes_and_for_one_address(world):
    """Forty wrong guesses at once, from one address, at two processes."""
    world.address = "192.0.2.66"
    wrong = {"email": "ben@example.com", "password": "a guess"}
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: world("POST", "/api/auth/login", wrong)[0], range(40)))
    assert answers.count(401) == 5
    assert answers.count(429) == 35


def test_a_right_password_from_another_address_still_works(world, database):
    subprocess.run(
        [BIN / "coffer", "user", "create", "cleo@example.com", "--password-stdin"],
        input=PASSWORD,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database.url} | SETTINGS,
        text=True,
        check=True,
    )
    world.address = "192.0.2.77"
    right = {"email": "cleo@example.com", "password": PASSWORD}
    wrong = right | {"password": "a guess"}
    assert [world("POST", "/api/auth/login", wrong)[0] for _ in range(7)] == [401] * 5 + [429] * 2
    assert world("POST", "/api/auth/login", right)[0] == 429
    world.address = "192.0.2.1"
    assert world("POST", "/api/auth/login", right)[0] == 200
