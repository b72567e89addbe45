"""How a driver of an engine talks: commands come in on stdin, answers go out on stdout, each a line
of JSON. It imports nothing but the standard library, because peers run in an environment of their
own.

All times are of CLOCK_MONOTONIC, which every process of a machine shares on Linux.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

URL = os.environ.get("BENCH_DATABASE_URL", "")

# Whatever a library prints must not pass for an answer, so stdout is ours and theirs is stderr.
_answers = os.fdopen(os.dup(1), "w")


def serve(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Answer commands until stdin ends, as it does when the harness is gone."""
    os.dup2(2, 1)
    for line in iter(sys.stdin.readline, ""):
        arguments = json.loads(line)
        say(commands[arguments.pop("command")](**arguments) or {})


def running(run: Callable[[Any], Any], command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that is a coroutine, on a fresh event loop each time."""
    return lambda **arguments: run(command(**arguments))


def say(answer: Mapping[str, Any]) -> None:
    _answers.write(json.dumps(answer) + "\n")
    _answers.flush()


def told_to_stop() -> str:
    """Wait for the next line, which ends what runs now; for a thread of its own."""
    return sys.stdin.readline()


class Marks:
    """When each handler started, and when the engine last heard that rows are finished.

    `finish` is called around the engine's own call that finishes rows, after the database has
    answered it. So a drain is timed from the first handler's first line until the last row is gone,
    without start-up, imports and shutting down.
    """

    def __init__(self) -> None:
        self.starts: list[tuple[int, int]] = []
        self.finished = 0
        self.ended = 0

    def start(self, number: int) -> None:
        self.starts.append((number, time.monotonic_ns()))

    def finish(self, rows: int = 1) -> None:
        self.finished += rows
        self.ended = time.monotonic_ns()

    def drained(self) -> dict[str, Any]:
        seconds = (self.ended - self.starts[0][1]) / 1e9 if self.starts else 0.0
        return {"seconds": seconds, "started": len(self.starts), "finished": self.finished}


def timed(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def claims_of(backlog: int, batch: int) -> int:
    """How many claims to time: 30, but never more than half of what waits."""
    return max(1, min(30, backlog // (2 * batch)))


def batches(first: int, rows: int, size: int) -> list[Sequence[int]]:
    """The numbers of some rows, in groups of as many as one call takes."""
    numbers = range(first, first + rows)
    return [numbers[at : at + size] for at in range(0, rows, size)]
