"""The provider that speaks OpenAI's embeddings."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from webapp.clients.ai.address import checked_key, endpoint_url
from webapp.clients.ai.contract import AIError
from webapp.clients.embeddings.contract import (
    DEFAULT_TIMEOUT,
    MOST_DIMENSIONS,
    SETTINGS,
    of_length_1,
)
from webapp.clients.http.allowance import Allowance
from webapp.reading.wording import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.clients.ai.endpoint import Endpoint
    from webapp.clients.embeddings.contract import Vectors

# Texts in one request: some servers take no more than 32.
_BATCH: Final = 32
# A number is written with up to 24 characters and a comma.
_ANSWER_LIMIT: Final = _BATCH * MOST_DIMENSIONS * 25 + 1_000_000


class RemoteProvider:
    """Any endpoint that speaks OpenAI's embeddings.

    Connects at the first call, so that it can be created before a fork. Its errors say which model
    was asked, where, and never the key.
    """

    def __init__(
        self, url: str, key: str | None, model: str | None, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        self._url = endpoint_url(url, "/embeddings", SETTINGS)
        self._key = checked_key(key, SETTINGS)
        self.model = one_line(model or "")
        if not self.model:
            raise ValueError(
                f"{SETTINGS.url} also needs {SETTINGS.model}, the name of the model to ask."
            )
        self._timeout = timeout
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"RemoteProvider({urlsplit(self._url).hostname!r}, model={self.model!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Ask the model, for 32 texts at a time, each request at most `timeout` seconds. Raises
        AIError: `permanent` if only another setting or other texts can help."""
        try:
            return self._asked([clean(text) or " " for text in texts])
        except AIError as error:
            host = urlsplit(self._url).hostname
            raise AIError(
                f"{error} It is {self.model!r} at {host}, {SETTINGS.said}.",
                permanent=error.permanent,
                retry_after=error.retry_after,
            ) from None

    def close(self) -> None:
        """Close the connections. A later `embed` raises RuntimeError."""
        with self._lock:
            self._closed = True
            endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            endpoint.close()

    def _asked(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        parts = [self._ask(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        if len({part.shape[1] for part in parts}) > 1:
            raise AIError("The AI provider's embeddings are not numbers, as many in each.")
        return np.concatenate(parts)

    def _ask(self, texts: Sequence[str]) -> Vectors:
        from webapp.clients.ai.refusal import error_from

        body = json.dumps({"model": self.model, "input": texts}, ensure_ascii=False).encode()
        reply = self._connected().post(body, Allowance(self._timeout), most=_ANSWER_LIMIT)
        if not reply.good:
            raise error_from(reply, self._key, SETTINGS)
        return _vectors(reply.body, len(texts))

    def _connected(self) -> Endpoint:
        from webapp.clients.ai.endpoint import Endpoint

        with self._lock:
            if self._closed:
                raise RuntimeError("This provider of embeddings was closed.")
            if self._endpoint is None:
                self._endpoint = Endpoint(self._url, self._key, SETTINGS)
            return self._endpoint


def _vectors(body: Any, count: int) -> Vectors:
    """The vectors in an answer, by their `index`, as the standard says: their order may be any."""
    import numpy as np

    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise AIError("The AI provider's answer was not a list of embeddings.")
    places = [each.get("index", place) for place, each in enumerate(data)]
    by_index = {
        place: each.get("embedding")
        for place, each in zip(places, data, strict=True)
        if isinstance(place, int)
    }
    if len(data) != count or by_index.keys() != set(range(count)):
        raise AIError(f"The AI provider answered {count} texts with {len(data)} embeddings.")
    not_numbers = AIError("The AI provider's embeddings are not numbers, as many in each.")
    try:
        found = np.array([by_index[place] for place in range(count)], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise not_numbers from None
    if found.ndim != 2 or found.shape[1] == 0:
        raise not_numbers
    if found.shape[1] > MOST_DIMENSIONS:
        raise AIError(
            f"The AI provider's embeddings have more than {MOST_DIMENSIONS:,} numbers.",
            permanent=True,
        )
    # Beyond these, the square of the length is no number.
    if not np.isfinite(found).all() or np.abs(found).max() > 1e100:
        raise AIError("The AI provider's embeddings have numbers that are not finite.")
    return of_length_1(found)
