"""One POST to an AI endpoint, bounded in time and size.

Imported at the first call only: httpx2 takes a moment to load.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2

from webapp.clients.ai import AIError
from webapp.clients.deadline import DeadlineTransport, clock, kind_of

ANSWER_LIMIT = 1 << 20  # bytes; an enrichment takes about a thousand


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint said: the status, the headers and the JSON body (None: not JSON)."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def good(self) -> bool:
        """Whether this is a completion, as far as the status tells."""
        return 200 <= self.status < 300


class Endpoint:
    """The endpoint at `url`, with its connections. Thread-safe."""

    def __init__(self, url: str, key: str) -> None:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            # A compressed megabyte can be a gigabyte, and nothing is gained on so small an answer.
            "Accept-Encoding": "identity",
        }
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._url = url
        try:
            self._host = httpx2.URL(url).host
        except httpx2.InvalidURL:
            raise AIError("AI_URL is not a valid address.", permanent=True) from None
        # trust_env off: HTTP_PROXY is set for other traffic, and whoever runs that proxy would
        # read the key off a plain connection; a ~/.netrc would replace it. Redirects are not
        # followed for the same reason: the key is for the address the settings name.
        self._client = httpx2.Client(
            transport=DeadlineTransport(
                # Reading the system's certificates takes a while: not for a model on this machine.
                httpx2.create_ssl_context(trust_env=False) if url.startswith("https:") else None
            ),
            headers=headers,
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # the transport's deadline bounds every step
        )

    def post(self, body: bytes, deadline: float) -> Answer:
        """The answer to `body`, complete before `deadline` (on time.monotonic's clock).

        Raises AIError, not permanent, where none came, it was too late, or too long. Looking up
        the host's name is the system's business and the only step the deadline cannot cut short.
        """
        clock.deadline = deadline
        try:
            with self._client.stream("POST", self._url, content=body) as response:
                raw = _read(response.iter_raw())
        except (httpx2.TimeoutException, httpcore2.TimeoutException):
            raise AIError(f"The AI provider at {self._host} did not answer in time.") from None
        except (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            kind = kind_of(error)
            raise AIError(f"The AI provider at {self._host} cannot be reached ({kind}).") from None
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            data = None
        return Answer(_status(response.status_code, data), response.headers, data)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _status(status: int, body: object) -> int:
    """The status, or the one inside: routers in front of many models answer 200 {"error": …}."""
    if status == 200 and isinstance(body, dict) and body.get("error") and not body.get("choices"):
        error = body["error"]
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, int) and 400 <= code < 600 else 502
    return status


def _read(chunks: Iterable[bytes]) -> bytes:
    raw = bytearray()
    for chunk in chunks:
        raw += chunk
        if len(raw) > ANSWER_LIMIT:
            raise AIError("The AI provider's answer was longer than one megabyte.")
    return bytes(raw)
