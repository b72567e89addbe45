"""How long clients may take, and how much of their data is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The bounds of each web process."""

    # Seconds for a whole head, from the first byte or the start of the connection.
    head_seconds: float = 10.0
    # Seconds that a client may send nothing of a body, or read nothing of a response; and the
    # minimum rate in bytes a second. An old modem is faster.
    grace_seconds: float = 20.0
    bytes_a_second: float = 2_000.0
    # Seconds during which further input of a client is discarded, so that it sees its response.
    farewell_seconds: float = 2.0
    # Seconds between two checks for slow clients.
    look_seconds: float = 1.0

    # The largest head, and the largest body that is read before a thread is taken. Longer ones are
    # uploads, which have their own threads.
    head_bytes: int = 65_536
    body_bytes: int = 1_048_576
    # How much of a response may be left to send later, so that its thread can take the next
    # request.
    unsent_bytes: int = 1_048_576
    # The same of a response that goes on, whose client is dropped beyond that.
    unsent_of_stream: int = 262_144
    # How much may be kept of all unfinished requests and responses together.
    kept_bytes: int = 67_108_864

    # How many unfinished requests one address may have, if addresses distinguish clients.
    of_address: int = 256
    # How many requests, and how many uploads, of one caller may wait for the caller's other ones.
    in_line: int = 256
    # Seconds that a request may wait for them. If the database hangs, they never end.
    in_line_seconds: float = 15.0
    uploads_in_line: int = 16
    # Threads that receive uploads, and how many of them one caller may have.
    upload_threads: int = 8
    uploads_of_caller: int = 2
    # Threads for the health check, which is answered whatever else is going on.
    health_threads: int = 4


class Pace:
    """The deadline of a transfer: it advances with the data, but never far ahead."""

    __slots__ = ("_bounds", "deadline")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.deadline = time.monotonic() + bounds.grace_seconds

    def moved(self, count: int) -> None:
        """Count transferred bytes."""
        self.deadline = min(
            self.deadline + count / self._bounds.bytes_a_second,
            time.monotonic() + self._bounds.grace_seconds,
        )
