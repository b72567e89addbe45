"""Draws pictures itself: offline, for nothing, and for any prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from webapp.clients.images.contract import Answer, Made

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webapp.clients.images.contract import Wanted
    from webapp.clients.images.pictures import Pictures


class EmbeddedGenerator:
    """The generator of a Coffer that knows no other."""

    service: ClassVar[str] = "embedded"
    is_paid: ClassVar[bool] = False
    settles: float = 0.0

    def __init__(self, pictures: Pictures, on_wait: Callable[[], None] = lambda: None) -> None:
        self._pictures = pictures
        self._on_wait = on_wait

    def begin(self, wanted: Wanted) -> Answer:
        return Made(self._pictures.draw(wanted.prompt, wanted.seed, on_wait=self._on_wait))

    def look(self, name: str) -> Answer:
        raise NotImplementedError(name)  # nothing of it goes on elsewhere

    def find(self, wanted: Wanted, since: datetime) -> str | None:  # noqa: ARG002
        return None

    def close(self) -> None:
        pass
