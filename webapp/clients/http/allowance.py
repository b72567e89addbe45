"""What a call outside may use up."""

from __future__ import annotations

import math
import time

from webapp.clients.http.contract import CallError


class Allowance:
    """What one call may use up: `seconds`, and bytes as they come over the wire.

    One clock for looking up the name, connecting, TLS, sending, receiving and every redirect or
    repeated request, so that no server can stretch a call by being slow in each of them, or by one
    byte at a time: a timeout of a socket starts anew with every byte. `step`, in seconds too, may
    bound each operation besides, so that a long transfer is left when it stands still.
    """

    def __init__(
        self, seconds: float, *, step: float = math.inf, wire_bytes: float = math.inf
    ) -> None:
        self.step = step
        self._end = time.monotonic() + seconds
        self._bytes = wire_bytes

    def left(self, most: float = math.inf) -> float:
        """Seconds for the next operation, more than none. Raises `CallError`."""
        left = min(self._end - time.monotonic(), self.step, most)
        if left <= 0:
            raise time_is_up()
        return left

    def take(self, count: int) -> None:
        """Count bytes that have come. Raises `CallError`."""
        self._bytes -= count
        if self._bytes < 0:
            raise CallError("sent more than Coffer accepts", rule="too_large")


def time_is_up() -> CallError:
    """The error to raise when an operation took longer than was left."""
    return CallError("did not answer in time", rule="timeout")
