"""The proxy of docker-compose.yml (docker/nginx.conf) in front of the web."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests import databases
from tests.processes import Api, eventually, free_port, serving

PROJECT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@contextlib.contextmanager
def nginx(web_port):
    """The proxy, with its own files and port; gives its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="coffer-nginx-") as folder:
        Path(folder).chmod(0o755)  # started by root, it runs as another user
        configuration = (PROJECT / "docker" / "nginx.conf").read_text()
        configuration = re.sub(" (/var)?/tmp/", f" {folder}/", configuration)
        configuration = configuration.replace("web:8080", f"127.0.0.1:{web_port}")
        configuration = configuration.replace("listen 8080", f"listen 127.0.0.1:{port}")
        file = Path(folder) / "nginx.conf"
        file.write_text(configuration)
        command = ["nginx", "-e", "stderr", "-c", file, "-p", folder]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        assert "warn" not in checked.stderr
        process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def database(server_url):
    with databases.new_database(server_url, f"coffer_proxy_{os.getpid()}") as database:
        yield database


@pytest.fixture(scope="module")
def web(database):
    with serving(database, WEB_CONCURRENCY="1", TRUSTED_PROXIES="1") as api:
        yield api


@pytest.fixture(scope="module")
def proxy(web):
    with nginx(web.port) as port:
        api = Api(port)
        eventually(lambda: api.status("/health") == 200)
        yield api


def ask(proxy, sent):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as conn:
        conn.sendall(sent)
        return conn.recv(65_536)


def test_what_has_not_come_does_not_reach_the_web(proxy, web):
    stalled = (
        b"POST /api/items HTTP/1.1\r\nHost: localhost\r\nX-Dev-User-Id: ana\r\n"
        b"Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{"
    )
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            conn = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
            stack.enter_context(conn).sendall(stalled)
        assert proxy("GET", "/api/items/pending")[0] == 200
        assert "path=/api/items " not in web.process.log()


def test_the_web_hears_who_its_clients_are(proxy, database):
    login = {"email": "nobody@example.com", "password": "wrong password"}
    status, _, _ = proxy("POST", "/api/auth/login", login, **{"X-Forwarded-For": "6.6.6.6"})
    assert status == 401
    with database.connect() as conn:
        found = conn.execute("SELECT DISTINCT host(address) FROM audit_log").fetchall()
    assert found == [("127.0.0.1",)]


def test_what_is_too_large_is_a_problem_at_once(proxy):
    answer = ask(
        proxy,
        b"POST /api/imports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000000\r\n\r\n",
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["code"] == "body_too_large"


def test_a_header_that_could_be_another_is_left_out(proxy):
    for header in (b"SCRIPT_NAME: /public", b"X_Dev_User_Id: ana"):
        sent = b"GET /public/metrics HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n" % header
        assert ask(proxy, sent).startswith(b"HTTP/1.1 404")


def test_a_web_that_is_away_is_a_problem_that_passes():
    with nginx(free_port()) as port:
        api = Api(port)
        eventually(lambda: api.status("/health") is not None)
        status, headers, body = api("GET", "/health")
    assert (status, body["code"], headers["Retry-After"]) == (503, "server_unavailable", "5")
