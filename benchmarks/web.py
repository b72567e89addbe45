"""Serving an application as in production, and measuring it with wrk, for benchmarks of the web."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.installed import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CONNECTIONS: Final = 32
SECRET: Final = "a secret for the benchmark alone, and long"
URL: Final = "https://coffer.example.com"

_GRACE: Final = 30
# By default, wrk counts an answer after two seconds as a socket error; here, slow is no error.
_PATIENCE: Final = ("--timeout", "60s")
_COUNTED: Final = re.compile(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """What wrk counted: requests a second, the microseconds of CPU time that the web processes took
    for each, and everything that it printed."""

    rate: float
    processor: float
    said: str


class Served:
    """A running server."""

    def __init__(self, address: str, pid: int) -> None:
        self.address = address
        self._pid = pid

    def ask(self, path: str, *options: str, seconds: int, more: Sequence[str] = ()) -> Asked:
        """Request one path. `options` are wrk's, `more` goes to its script. Raises RuntimeError if
        an answer was not a success."""
        before = self._processor_seconds()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *_PATIENCE, *options]
        done = subprocess.run(
            [*command, self.address + path, *(["--", *more] if more else [])],
            capture_output=True,
            text=True,
            check=True,
        )
        found = _COUNTED.search(done.stdout)
        if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise RuntimeError(done.stdout + done.stderr)
        used = self._processor_seconds() - before
        return Asked(float(found[2]), used / int(found[1]) * 1e6, done.stdout)

    def megabytes(self) -> list[float]:
        """The resident memory of each web process."""
        return [_resident(child) for child in self._children()]

    def _processor_seconds(self) -> float:
        """The CPU time that the web processes have used."""
        ticks = 0
        for child in self._children():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _children(self) -> list[str]:
        return Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()


def has_wrk() -> bool:
    """Whether wrk is installed here; prints a note if it is not."""
    found = shutil.which("wrk") is not None
    if not found:
        print("left out: wrk is not installed (Debian's package wrk)")
    return found


@contextlib.contextmanager
def gunicorn(url: str, application: str, health: str = "/health", **more: str) -> Iterator[Served]:
    """An application under Coffer's own gunicorn configuration. Its limits are counted, but too
    high to be reached. `more` is added to its environment."""
    port = free_port()
    program = Path(sys.executable).with_name("gunicorn")
    environment = {
        "COFFER_ENV": "test",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": URL,
        "PORT": str(port),
        "PYTHONPATH": str(PROJECT),
        "RATE_LIMIT_READS": "600000",
        "RATE_LIMIT_WRITES": "600000",
    }
    command = [program, "-c", "python:webapp.gunicorn", application]
    with serving(command, port, health, environment | more) as served:
        yield served


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path], port: int, health: str, environment: Mapping[str, str]
) -> Iterator[Served]:
    """A server that answers. Its log is discarded, as if a fast collector took it."""
    server = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address + health)
        yield Served(address, server.pid)
    finally:
        server.terminate()
        try:
            server.wait(_GRACE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _resident(pid: str) -> float:
    said = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", said)
    return int(found[1]) / 1024 if found else 0.0


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
