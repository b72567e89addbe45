"""Which host names and paths are ours (webapp/http/own_address.py)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "path",
    ["//health", "///health", "//metrics", "//api/openapi.json", "/api//library"],
)
def test_a_path_with_two_slashes_is_no_other_path(ana, path):
    answer = ana.get("/", environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.fixture
def make_client(make_app):
    return lambda **changes: make_app(**changes).test_client()


OURS = ["localhost", "localhost:8080", "LocalHost", "a.localhost", "127.0.0.1:8080", "[::1]:8080"]
OTHERS = [
    *("evil.example", "localhost.evil.example", "evillocalhost", "127.0.0.1.nip.io", "192.168.0.7"),
    *("0.0.0.0", "evil.example:8080", "", "[::1", "[::ffff:10.0.0.1]", "localhost."),
]


@pytest.mark.long
@pytest.mark.parametrize("host", [*OURS, "coffer.test", "coffer.test:8080"])
def test_development_answers_to_its_own_names(make_client, host):
    client = make_client(environment="development", public_url="http://coffer.test:8080")
    headers = {"Host": host, "X-Dev-User-Id": "ana"}
    assert client.get("/api/library", headers=headers).status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("host", OTHERS)
def test_development_answers_to_no_name_that_a_page_on_the_web_could_have(make_client, host):
    client = make_client(environment="development")
    headers = {"X-Dev-User-Id": "ana"}
    answer = client.get("/api/library", headers=headers, environ_overrides={"HTTP_HOST": host})
    assert (answer.status_code, answer.json["code"]) == (421, "unknown_host")
    assert answer.headers["X-Request-Id"]


@pytest.mark.long
def test_in_production_names_are_the_operators(make_client):
    client = make_client(environment="production", public_url="https://coffer.example.com")
    for host in ("coffer.example.com", "10.0.0.3:8080"):
        assert client.get("/health", headers={"Host": host}).status_code == 200
