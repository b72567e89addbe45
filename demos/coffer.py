"""A Coffer of a demonstration's own: PostgreSQL, web, worker and clock, on a free port.

It shares nothing with `make dev`, and reads no `.env`. Its database is gone when it ends.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from demos import signals
from demos.failure import DemoError, expect
from sql import provision, server
from sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT: Final = Path(__file__).parent.parent
_BIN: Final = Path(sys.executable).parent

_DATABASE: Final = "coffer"
_OWNER: Final = "coffer_owner"
_APP_ROLE: Final = "coffer_app"

_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 15


class Answer(NamedTuple):
    """What the web has answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """What a 200 or 201 says. Raises DemoError about any other answer."""
        expect(self.status in (200, 201), f"Coffer answered {self.status}: {self.body.decode()}")
        return json.loads(self.body)


class Coffer:
    """A Coffer that runs, as one user of it sees it."""

    def __init__(self, port: int, folder: Path, environment: dict[str, str], log: Path) -> None:
        self.port = port
        self._folder = folder
        self._environment = environment
        self.log = log
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, said: Any) -> Answer:
        body = json.dumps(said).encode()
        return self.call("POST", path, body, {"Content-Type": "application/json"})

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Call the web as the user `demo`. Raises DemoError if nobody answers."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            conn.request(method, path, body, {"X-Dev-User-Id": "demo"} | (headers or {}))
            response = conn.getresponse()
            return Answer(response.status, response.headers, response.read())
        except OSError as error:
            self.check()
            raise DemoError(f"The web does not answer: {error}") from None
        finally:
            conn.close()

    def command(self, *arguments: str) -> str:
        """Run `coffer` with these arguments; what it prints. Raises DemoError."""
        done = subprocess.run(
            [_BIN / "coffer", *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stderr.strip().splitlines()[-1:]
        expect(done.returncode == 0, f"coffer {' '.join(arguments[:2])}: {''.join(said)}")
        return done.stdout.strip()

    def check(self) -> None:
        """Raise DemoError if one of the processes has ended."""
        for name, process in self._processes.items():
            expect(process.poll() is None, f"The {name} has ended; {self.log} says why.")

    def _start(self, name: str, *command: str) -> None:
        with self.log.open("ab") as sink:
            # A session of its own: Ctrl-C is for us, who stop it before what it needs.
            self._processes[name] = subprocess.Popen(
                [_BIN / command[0], *command[1:]],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start the processes of the Procfile, and wait until the web answers."""
        with signals.undivided():
            self._start("web", "gunicorn", "-c", "python:webapp.gunicorn", "wsgi:application")
            self._start("worker", "coffer", "work", "--grace", "4s")
            self._start("clock", "coffer", "clock")
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_up():
            self.check()
            expect(time.monotonic() < deadline, f"The web did not start; {self.log} says more.")
            time.sleep(0.1)

    def _is_up(self) -> bool:
        try:
            return self.get("/health").status == 200
        except DemoError:
            return False

    def stop(self) -> None:
        """Stop the processes, by force if they take too long."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def coffer(log: Path, **settings: str) -> Iterator[Coffer]:
    """A Coffer with these settings, whose processes write to `log`. Raises DemoError."""
    with contextlib.ExitStack() as ours:
        temporary = tempfile.TemporaryDirectory(prefix="coffer-demo-", ignore_cleanup_errors=True)
        folder = Path(ours.enter_context(temporary))
        folder.chmod(0o755)  # root's PostgreSQL runs as somebody else
        database = server.Server(folder / "postgres")
        ours.callback(database.stop)
        with signals.undivided():
            database.start({"fsync": "off", "synchronous_commit": "off"})
        provision.provide(
            database.url(),
            database=_DATABASE,
            owner=_OWNER,
            app_role=_APP_ROLE,
            password=database.password(),
        )
        urls = {
            "DATABASE_URL": database.url(user=_APP_ROLE, database=_DATABASE),
            "DATABASE_MIGRATE_URL": database.url(user=_OWNER, database=_DATABASE),
        }
        migrate(urls["DATABASE_MIGRATE_URL"], app_url=urls["DATABASE_URL"])
        port = _free_port()
        environment = {
            "PATH": f"{_BIN}:{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": str(PROJECT),
            "PYTHONUNBUFFERED": "1",
            "COFFER_ENV": "development",
            "PORT": str(port),
            "WEB_CONCURRENCY": "1",
            **urls,
            **settings,
        }
        running = Coffer(port, folder, environment, log)
        ours.callback(running.stop)
        running.start()
        yield running


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
