"""How long clients may take, and how much of them is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What holds for each process of the web."""

    # Seconds for a whole head, from the first byte or from the connection's beginning.
    head_seconds: float = 10.0
    # Seconds for which a client may send nothing of a body, or take nothing of an answer; and how
    # fast it must be where it takes its time, in bytes a second. An old modem is quicker.
    grace_seconds: float = 20.0
    bytes_a_second: float = 2_000.0
    # Seconds for which what a client still sends is thrown away, so that it sees its answer.
    farewell_seconds: float = 2.0
    # Seconds between two looks at who is too slow.
    look_seconds: float = 1.0

    # The largest head, and the largest body that is read before a thread is taken. What is longer
    # is an upload, which has threads of its own.
    head_bytes: int = 65_536
    body_bytes: int = 1_048_576
    # What an answer may leave for later, so that its thread goes on to the next request.
    unsent_bytes: int = 1_048_576
    # What may be kept of all unfinished requests and answers together.
    kept_bytes: int = 67_108_864

    # How many unfinished requests one address may have, where addresses tell clients apart.
    of_address: int = 256
    # How many requests of one caller may wait for the caller's other ones, and how many uploads.
    in_line: int = 256
    uploads_in_line: int = 16
    # Threads that receive uploads, and how many of them one caller may have.
    upload_threads: int = 8
    uploads_of_caller: int = 2
    # Threads for the health check, which is answered whatever else is going on.
    health_threads: int = 4


class Pace:
    """The deadline of a transfer: it moves on with what is moved, and never far ahead."""

    __slots__ = ("_bounds", "deadline")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.deadline = time.monotonic() + bounds.grace_seconds

    def moved(self, count: int) -> None:
        """So many bytes were moved."""
        self.deadline = min(
            self.deadline + count / self._bounds.bytes_a_second,
            time.monotonic() + self._bounds.grace_seconds,
        )
