"""Connections that are only opened when they are needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.clients.http.client import HttpClient


class _Closable(Protocol):
    def close(self) -> None: ...


Made = TypeVar("Made", bound=_Closable)


class Late(Generic[Made]):
    """What is made at the first call, once, whichever thread comes first: httpx2 takes a while to
    load, and connections must not be shared with a process that is forked off."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Made | None = None

    def __call__(self) -> Made:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def close(self) -> None:
        """Close it, if it was made; a later call makes another one."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()


def http_client(headers: dict[str, str]) -> Late[HttpClient]:
    """A client for one server that the operator names; `headers` go with each request."""

    def make() -> HttpClient:
        from webapp.clients.http.client import HttpClient

        return HttpClient(headers=headers)

    return Late(make)
