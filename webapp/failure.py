"""Errors of outside systems."""

from __future__ import annotations


class Failure(Exception):
    """An outside system, or what it sent, did not work as expected.

    `permanent` means that a retry cannot help. `retry_after` is the number of seconds the other
    side asked us to wait, if it did. The message is shown to the user.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class NotNow(Failure):
    """The next turn at an outside system that may be called only so often is in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The next turn is in {seconds:.1f} seconds.", retry_after=seconds)
        self.seconds = seconds
