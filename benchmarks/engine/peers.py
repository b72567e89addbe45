"""The engines that are compared, and the process that each one's driver runs in."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from benchmarks.engine import environment
from benchmarks.installed import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

# The seconds that a command may take, and that a driver may take to end.
PATIENCE: Final = 900.0
_GRACE: Final = 30.0

_HERE: Final = "benchmarks.engine"


class DriverError(Exception):
    """A driver failed or did not answer in time; the message has what it wrote to stderr."""


@dataclass(frozen=True)
class Peer:
    """One engine. `rows` says, by measure, how many rows it gets instead of the usual number."""

    name: str
    label: str
    program: tuple[str | Path, ...]
    unfinished: str  # counts the rows that are not done
    migrated: bool = False  # lives in Coffer's schema
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def in_javascript(self) -> bool:
        return self.program[0] == "node"


_PGQUEUER: Final = "SELECT count(*) FROM pgqueuer"

PEERS: Final = (
    Peer(
        "coffer",
        "Coffer",
        (sys.executable, "-m", f"{_HERE}.coffer_engine"),
        unfinished="SELECT count(*) FROM outbox",
        migrated=True,
    ),
    Peer(
        "graphile",
        "Graphile Worker",
        ("node", PROJECT / "benchmarks" / "engine" / "peer_graphile.js"),
        unfinished="SELECT count(*) FROM graphile_worker._private_jobs",
    ),
    Peer(
        "pgqueuer-asyncpg",
        "PgQueuer, asyncpg",
        (environment.PYTHON, "-m", f"{_HERE}.peer_pgqueuer", "asyncpg"),
        unfinished=_PGQUEUER,
    ),
    Peer(
        "pgqueuer-psycopg",
        "PgQueuer, psycopg",
        (environment.PYTHON, "-m", f"{_HERE}.peer_pgqueuer", "psycopg"),
        unfinished=_PGQUEUER,
        rows={"pinned": 100_000},
    ),
    Peer(
        "procrastinate",
        "procrastinate",
        (environment.PYTHON, "-m", f"{_HERE}.peer_procrastinate"),
        unfinished="SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
        rows={"drain": 2_000, "save": 2_000, "pinned": 10_000, "bulk": 20_000},
    ),
)


class Driver:
    """A driver's process. Used in a `with` block, after which the process is gone."""

    def __init__(self, peer: Peer, url: str) -> None:
        self.peer = peer
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the process
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            peer.program,
            cwd=PROJECT,
            env=environment.variables(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """End the process: by closing its input, or failing that by signals to its own id."""
        process = self._process
        assert process.stdin is not None
        try:
            process.stdin.close()
            process.wait(0 if failure else _GRACE)
        except (OSError, subprocess.TimeoutExpired):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._errors.close()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Run one command and wait for its answer. Raises DriverError."""
        self._write(json.dumps({"command": command, **arguments}))
        return self._answer(command)

    def end_idle(self) -> dict[str, Any]:
        """End the worker that `ask("idle")` started; returns when each of its handlers started."""
        self._write("stop")
        return self._answer("idle")

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except OSError:
            raise self._failed("is gone") from None

    def _answer(self, command: str) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=PATIENCE)
        except queue.Empty:
            self._process.kill()
            raise self._failed(f"took longer than {PATIENCE:.0f} s for {command}") from None
        if not line:
            raise self._failed(f"ended at {command}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _failed(self, what: str) -> DriverError:
        self._errors.seek(0)
        return DriverError(f"{self.peer.label} {what}:\n{self._errors.read()[-4000:]}")
