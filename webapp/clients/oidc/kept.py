"""A cache for what a provider publishes."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from webapp.clients.http.contract import CallError
from webapp.clients.oidc.contract import OidcError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.clients.http.allowance import Allowance
    from webapp.clients.oidc.contract import Code, Provider

_KEPT = 3600.0  # seconds until discovery and keys are read again
# Seconds between two searches for an unknown key, and before a document that could not be read is
# requested again: somebody who keeps opening log-in pages must not make us hammer a provider.
_SEARCH_PAUSE = 10.0
_FAILURE_PAUSE = 5.0

_T = TypeVar("_T")


class Kept(Generic[_T]):
    """What `read` returns, read when first needed and cached for an hour.

    One thread reads and the others wait for it, each as long as its own allowance lets it. A
    failure is cached too, briefly: otherwise each of those threads in turn would ask a provider
    that hangs.
    """

    def __init__(self, provider: Provider, read: Callable[[Allowance], _T]) -> None:
        self._provider = provider
        self._read = read
        self._lock = threading.Lock()
        self._value: _T | None = None
        self._stale_at = -math.inf
        self._search_at = -math.inf
        self._failure: tuple[str, Code] = ("", "provider_unavailable")
        self._failed_until = -math.inf

    def get(self, allowance: Allowance, *, search: bool = False) -> _T:
        """The value; for a `search`, a freshly read one, unless the last search was just now.

        Raises `OidcError`.
        """
        try:
            is_ours = self._lock.acquire(timeout=allowance.left())
        except CallError:
            is_ours = False
        if not is_ours:
            raise self._provider.error("did not answer in time", "provider_unavailable")
        try:
            now = time.monotonic()
            due = now >= self._search_at if search else now >= self._stale_at
            if self._value is None or due:
                if search:
                    self._search_at = now + _SEARCH_PAUSE
                self._value = self._read_once(now, allowance)
                self._stale_at = now + _KEPT
            return self._value
        finally:
            self._lock.release()

    def _read_once(self, now: float, allowance: Allowance) -> _T:
        if now < self._failed_until:
            message, code = self._failure
            raise OidcError(message, code=code)
        try:
            return self._read(allowance)
        except OidcError as error:
            self._failure = str(error), error.code
            self._failed_until = time.monotonic() + _FAILURE_PAUSE
            raise
