"""Real processes for tests: the web, workers and commands, run as a process manager runs them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests import databases

BIN = Path(sys.executable).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(check, *, seconds=60.0):
    """Wait until a call returns something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def within(seconds, call, *, tries=5):
    """The result of a call that is fast enough; a busy machine may delay some of the tries."""
    for _ in range(tries):
        began = time.monotonic()
        given = call()
        if time.monotonic() - began < seconds:
            return given
    raise AssertionError(f"{tries} times it took longer than {seconds} seconds")


@contextlib.contextmanager
def running(*command, database, **variables):
    """One of our processes, with a database, ended by SIGTERM; `.log()` returns its output."""
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "COFFER_ENV": "development",
        "DATABASE_URL": database.url,
        "DATABASE_MIGRATE_URL": database.owner_url,
        "PYTHONUNBUFFERED": "1",
    }
    with databases.temporary_folder() as folder:
        output = folder / "output"
        with output.open("w") as sink:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment | variables,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.log = output.read_text
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
            said = output.read_text()
            process.log = lambda: said


class Api:
    """Calls a served app; an answer is its status, headers and JSON."""

    def __init__(self, port):
        self.port = port

    def __call__(self, method, path, body=None, *, timeout=10, **headers):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = None if body is None else json.dumps(body)
            conn.request(
                method,
                path,
                sent,
                {"X-Dev-User-Id": "ana", "Content-Type": "application/json"} | headers,
            )
            answer = conn.getresponse()
            return answer.status, answer.headers, json.loads(answer.read() or "null")
        finally:
            conn.close()

    def status(self, path):
        """The status of a GET, None if nobody listens."""
        try:
            return self("GET", path)[0]
        except OSError:
            return None


@contextlib.contextmanager
def serving(database, **variables):
    port = free_port()
    with running(
        *("gunicorn", "-c", "python:webapp.gunicorn", "wsgi:application", "--chdir"),
        str(Path(__file__).parent.parent.parent),
        database=database,
        PORT=str(port),
        **variables,
    ) as process:
        api = Api(port)
        try:
            eventually(lambda: api.status("/health") == 200)
        except AssertionError:
            raise AssertionError(process.log()) from None
        api.process = process
        yield api
