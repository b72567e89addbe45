"""Draws and checks pictures in restricted children of a fork server.

What comes from a service is parsed there, so that a hostile file hurts nothing else; and drawing is
work for a processor, so only as many are drawn at once as there are processors. This imports
neither Pillow nor numpy: only the server does.
"""

from __future__ import annotations

import os
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final

from webapp.clients.images.contract import MOST_BYTES, MOST_PIXELS, ImageError
from webapp.parsing.child import ChildError
from webapp.parsing.fork_server.client import ForkServer, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

# Pixels of a side of a drawn picture.
_SIDE: Final = 1_024
# Megabytes: a picture of the largest size takes 64, a few times.
_LIMITS: Final = Limits(seconds=60, megabytes=1_024, output_megabytes=96)
_TASKS: Final = "webapp.clients.images.tasks"
# Seconds that something waits for a processor before it says again that it waits.
_PATIENCE: Final = 1.0


class NotAPicture(ImageError):
    """What came as a picture is none, or one that is not accepted. `is_black` if it is black, which
    is how some services refuse a prompt."""

    def __init__(self, message: str, *, is_black: bool) -> None:
        super().__init__(message)
        self.is_black = is_black


class Pictures:
    """Thread-safe; nothing starts before the first call, and everything it started ends with this
    process, however that ends."""

    def __init__(self) -> None:
        self._server = ForkServer("webapp.clients.images.preload")
        self._processors = BoundedSemaphore(os.cpu_count() or 1)

    def draw(
        self,
        prompt: str,
        seed: int,
        *,
        side: int = _SIDE,
        on_wait: Callable[[], None] = lambda: None,
    ) -> bytes:
        """The PNG of a square picture, always of the same pixels for the same prompt and seed.
        `on_wait` is called now and then while others are drawn; what it raises is passed on."""
        asked = {"prompt": prompt, "seed": seed, "size": side}
        while not self._processors.acquire(timeout=_PATIENCE):
            on_wait()
        try:
            return self._call("draw", b"", asked)
        except ChildError as error:
            raise ImageError(f"The picture could not be drawn: {error.detail or error}") from None
        finally:
            self._processors.release()

    def checked(self, data: bytes) -> bytes:
        """The pixels of a picture as a PNG, and nothing else that was in the file. Raises
        NotAPicture."""
        if len(data) > MOST_BYTES:
            raise NotAPicture(f"The picture has {len(data):,} bytes.", is_black=False)
        try:
            return self._call("verify", data, {"most_pixels": MOST_PIXELS})
        except ChildError as error:
            if error.reason == "unavailable":
                raise ImageError(str(error)) from None
            raise NotAPicture(str(error), is_black=error.reason == "black") from None

    def _call(self, task: str, content: bytes, arguments: dict[str, Any]) -> bytes:
        file = os.memfd_create("picture")
        try:
            with os.fdopen(os.dup(file), "wb") as out:
                out.write(content)
            return self._server.call(f"{_TASKS}.{task}", file, arguments, limits=_LIMITS)
        finally:
            os.close(file)

    def close(self) -> None:
        """End all children and their server."""
        self._server.close()
