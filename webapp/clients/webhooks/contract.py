"""What is sent to a webhook, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: its id, which is the same each time; the body, as JSON; and the secrets, of
    which each gives a signature of its own. They are not in its repr."""

    id: str
    body: bytes
    secrets: Sequence[str]

    def __repr__(self) -> str:
        return f"Message({self.id!r})"


@dataclass(frozen=True, slots=True)
class Reply:
    """How an attempt ended: the `status` and the beginning of the response, or an `error` if there
    was none. `retry_after` is in seconds, None if the webhook did not ask to wait."""

    milliseconds: int
    status: int | None = None
    excerpt: str | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the webhook has it now."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the webhook wants no more, ever."""
        return self.status == 410

    @property
    def is_down(self) -> bool:
        """Whether another message would fare no better: there is no response, or one that is not
        about the message."""
        return self.status is None or self.status == 429 or self.status >= 500
