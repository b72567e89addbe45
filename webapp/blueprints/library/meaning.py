"""What a search asks for in meaning: its words as a vector, in time for the answer."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

import structlog

from sql import queries
from webapp.clients.ai.contract import AIError
from webapp.filing.embeddings import provider_of
from webapp.http.db import connection
from webapp.http.installed import Installed, settings
from webapp.search.finder import Meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from webapp.clients.embeddings.contract import Provider
    from webapp.search.query import Query

log = structlog.get_logger("webapp.search")

# Somebody waits for the answer, and words alone are found without it.
_TIMEOUT: Final = 2.0
# Seconds in which a provider that failed is not asked again.
_REST: Final = 30.0
# The pages of a list ask for the same vector.
_MOST_KEPT: Final = 1_000


class Embedder:
    """Makes vectors of queries. Thread-safe; the model is loaded, or called, at the first one."""

    def __init__(self, provider: Provider | None) -> None:
        self.provider = provider
        self._kept: OrderedDict[str, Sequence[float]] = OrderedDict()
        self._lock = Lock()
        self._rests_until = 0.0

    def vector(self, text: str) -> Sequence[float]:
        """The vector of a text. Raises AIError, at once if the provider has just failed."""
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
                return self._kept[text]
            if time.monotonic() < self._rests_until:
                raise AIError("The provider of embeddings failed less than half a minute ago.")
        assert self.provider is not None
        try:
            found: list[float] = self.provider.embed([text])[0].tolist()
        except AIError as error:
            with self._lock:
                self._rests_until = time.monotonic() + _REST
            log.warning("embeddings_failed", error=str(error))
            raise
        with self._lock:
            self._kept[text] = found
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found


_embedder: Final[Installed[Embedder]] = Installed("embedder")


def install(app: Flask) -> None:
    """Give the app what makes vectors of queries."""
    _embedder.install(app, Embedder(provider_of(settings.of(app), _TIMEOUT)))


def meaning_of(query: Query, mode: str | None) -> tuple[Meaning | None, str | None]:
    """The meaning to look for, if any, and otherwise why not, if the mode asked for it.

    Without a mode, meaning is looked for where the server has vectors.
    """
    if mode == "words":
        return None, None
    provider = _embedder().provider
    current = None
    if provider is not None:
        with connection() as conn:
            current = queries.embeddings.current(conn)
    # Before the first text is embedded, the model's dimensions are not known.
    if (
        provider is None
        or current is None
        or current["name"] != provider.model
        or current["dimensions"] is None
    ):
        return None, "no_vectors" if mode else None
    if not query.said.strip():
        return None, "no_words" if mode else None
    try:
        vector = _embedder().vector(query.said)
    except AIError:
        return None, "provider_failed"
    if len(vector) != current["dimensions"] or not any(vector):
        return None, "no_words" if not any(vector) else "provider_failed"
    if mode == "meaning":
        return Meaning(current["id"], vector, alone=True), None
    # Opposites are in no model; how far apart else is what the worker finds out.
    least = current["least_alike"] or 0.0
    return Meaning(current["id"], vector, alone=False, least=least), None
