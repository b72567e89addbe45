"""Routes that take whole files.

A file arrives at the client's own pace, for which the server has its own threads and deadlines
(`webapp/serving/`), and without using memory: the view reads it in pieces, with no transaction
open. Each user may send few at once, so that nobody blocks others.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from functools import wraps
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, Final

from flask import request

from webapp.access.callers import caller
from webapp.http import request_body
from webapp.http.errors import Problem
from webapp.http.installed import Installed, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator

    from flask import Flask, Response

    from webapp.settings import Settings

    View = Callable[..., Response]

# Files that a process receives from one user at once.
_OF_USER: Final = 2
# Seconds that a received file waits for its place in memory.
_PATIENCE: Final = 20.0

_places: Final[Installed[Places]] = Installed("places")


def install(app: Flask) -> None:
    """Give an app its slots for files."""
    _places.install(app, Places(_OF_USER))


def takes_upload(
    most: Callable[[Settings], int],
    media_types: Collection[str] | None = None,
    *,
    admit: Callable[[], None] | None = None,
    of: Callable[[], Hashable] = lambda: caller().user_id,
    in_memory: int | None = None,
) -> Callable[[View], View]:
    """Accept a body of at most so many bytes, which the view reads as it arrives
    (`request_body.arriving`).

    It may be of any type, unless some are given. `admit` is called before the first byte is
    received, and may raise; `of` then says whose file it is. If the view holds all of it in memory,
    `in_memory` says how many a process may hold; it is called once the body has been received into
    a file, so that no place in memory waits for a client.

    Goes below `permit`, since slots belong to users, and above `idempotent`, so that no transaction
    waits for a client.
    """
    free = None if in_memory is None else BoundedSemaphore(in_memory)

    def declare(view: View) -> View:
        @wraps(view)
        def received(*args: Any, **kwargs: Any) -> Response:
            if media_types is not None and request.mimetype not in media_types:
                taken = ", ".join(media_types)
                raise Problem(415, "unsupported_media_type", f"Send the file as one of {taken}.")
            request.max_content_length = most(settings())
            if admit is not None:
                admit()
            with _places().taken_by(of()):
                if free is None:
                    return view(*args, **kwargs)
                with request_body.received(), _memory(free):
                    return view(*args, **kwargs)

        return received

    return declare


class Places:
    """How many files each user is sending. Thread-safe."""

    def __init__(self, of_user: int) -> None:
        self._of_user = of_user
        self._taken: Counter[Hashable] = Counter()
        self._lock = Lock()

    @contextmanager
    def taken_by(self, user: Hashable) -> Iterator[None]:
        """Take a slot. Raises Problem 429 if the user has none left."""
        with self._lock:
            if self._taken[user] == self._of_user:
                raise Problem(
                    429,
                    "too_many_uploads",
                    f"You are already sending {self._of_user} files; wait for one to be received.",
                    headers={"Retry-After": "2", "Connection": "close"},
                )
            self._taken[user] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[user] -= 1
                if not self._taken[user]:
                    del self._taken[user]


@contextmanager
def _memory(free: BoundedSemaphore) -> Iterator[None]:
    if not free.acquire(timeout=_PATIENCE):
        raise Problem(
            503,
            "too_many_uploads",
            "Other files are being received; try again in a moment.",
            headers={"Retry-After": "5"},
        )
    try:
        yield
    finally:
        free.release()
