"""What an outgoing call may use up."""

from __future__ import annotations

import math
import time

from webapp.clients.http.contract import CallError


class Allowance:
    """What one call may use up: `seconds`, and bytes on the wire.

    One clock covers the name lookup, connecting, TLS, sending, receiving and every redirect or
    repeated request. So no server can stretch a call by being slow in each step, or by sending one
    byte at a time: a socket's timeout restarts with every byte. `step`, also in seconds, can bound
    each operation as well, so that a long transfer is abandoned if it stalls.
    """

    def __init__(
        self, seconds: float, *, step: float = math.inf, wire_bytes: float = math.inf
    ) -> None:
        self.step = step
        self._end = time.monotonic() + seconds
        self._bytes = wire_bytes

    def left(self, most: float = math.inf) -> float:
        """Seconds for the next operation, more than 0. Raises `CallError`."""
        left = min(self._end - time.monotonic(), self.step, most)
        if left <= 0:
            raise time_is_up()
        return left

    def take(self, count: int) -> None:
        """Count received bytes. Raises `CallError`."""
        self._bytes -= count
        if self._bytes < 0:
            raise CallError("sent more than Coffer accepts", rule="too_large")


def time_is_up() -> CallError:
    """The error to raise when an operation took longer than allowed."""
    return CallError("did not answer in time", rule="timeout")
