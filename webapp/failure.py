"""What goes wrong outside."""

from __future__ import annotations


class Failure(Exception):
    """The outside world, or what it sent, did not do as asked.

    `permanent` says that trying again cannot help. `retry_after` is the number of seconds the
    other side asked us to wait, where it said so. The message is shown to the user.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
