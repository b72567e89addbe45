"""What everything that makes pictures has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from webapp.failure import Failure

if TYPE_CHECKING:
    from datetime import datetime

# What may come as a picture: bytes of the file, and pixels of a side.
MOST_BYTES: Final = 20_000_000
MOST_PIXELS: Final = 4_096


class ImageError(Failure):
    """There is no picture, at least not now.

    `slows_down` says that the service wants nobody to ask it for `retry_after` seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        slows_down: bool = False,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.slows_down = slows_down


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to make a picture of. `seed` is 0 to 2³¹ - 1: another one gives another picture of the
    same prompt. `report_to` is an address of ours that hears of the picture, if there is one."""

    prompt: str
    seed: int
    report_to: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A picture: the bytes of a PNG."""

    picture: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The service does not make a picture of this prompt, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The service is at it. `name` is what it calls the attempt."""

    name: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The service has given the attempt up, for this reason; another one may succeed. `is_free` if
    it costs nothing."""

    reason: str
    is_free: bool = False


Answer = Made | Refused | Begun | Ended


class Generator(Protocol):
    """Makes pictures. Thread-safe; it connects at its first use, so it can be created before a
    fork. Every method raises ImageError."""

    # As in the column `service` of image_generation_jobs.
    service: ClassVar[str]
    # Whether it may cost something, so that there are budgets for it and no picture is asked for
    # twice without need.
    is_paid: ClassVar[bool]
    # Seconds after which an attempt that `find` does not find was never begun.
    settles: float

    def begin(self, wanted: Wanted) -> Answer:
        """Ask for a picture, and wait a little for it."""
        ...

    def look(self, name: str) -> Answer:
        """What has become of an attempt that `begin` or `find` has named."""
        ...

    def find(self, wanted: Wanted, since: datetime) -> str | None:
        """The name of the attempt that was begun for this since then; None if there is none. For
        whoever did not hear the answer to `begin`."""
        ...

    def close(self) -> None:
        """Close connections, and end processes."""
        ...
