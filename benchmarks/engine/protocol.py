"""How the driver of an engine communicates: commands on stdin, answers on stdout, each one line of
JSON. It imports nothing but the standard library, because peers run in their own environment.

All times are from CLOCK_MONOTONIC, which all processes of a machine share on Linux.
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

# What libraries print must not be taken for an answer: they get stderr, and stdout is ours.
_answers = os.fdopen(os.dup(1), "w")


def serve(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Answer commands until stdin ends, which it does when the harness is gone."""
    os.dup2(2, 1)
    for line in iter(sys.stdin.readline, ""):
        arguments = json.loads(line)
        say(commands[arguments.pop("command")](**arguments) or {})


def running(run: Callable[[Any], Any], command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that is a coroutine, run on a new event loop each time."""
    return lambda **arguments: run(command(**arguments))


def say(answer: Mapping[str, Any]) -> None:
    _answers.write(json.dumps(answer) + "\n")
    _answers.flush()


def told_to_stop() -> str:
    """Wait for the next line, which ends the running command; meant for a separate thread."""
    return sys.stdin.readline()


class Marks:
    """When each handler started, and when the engine last learned that rows were finished.

    `finish` is called around the engine's own call that finishes rows, after the database has
    answered it. So a drain is timed from the first handler's first line until the last row is gone,
    without start-up, imports and shutdown.
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
    """How many seconds a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def claims_of(backlog: int, batch: int) -> int:
    """How many claims to time: 30, but never more than half of the backlog."""
    return max(1, min(30, backlog // (2 * batch)))


def batches(first: int, rows: int, size: int) -> list[Sequence[int]]:
    """The numbers of some rows, in groups of as many as one call takes."""
    numbers = range(first, first + rows)
    return [numbers[at : at + size] for at in range(0, rows, size)]
