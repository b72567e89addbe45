"""One POST to an AI endpoint.

Imported at the first call only: httpx2 takes a moment to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from webapp.clients.ai.contract import AIError
from webapp.clients.http.client import ANSWER_LIMIT, HttpClient
from webapp.clients.http.contract import CallError
from webapp.clients.public.address import is_loopback
from webapp.clients.public.client import PublicClient
from webapp.clients.public.contract import AddressError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.clients.ai.contract import Origin
    from webapp.clients.http.allowance import Allowance
    from webapp.clients.public.gate import Gate


@dataclass(frozen=True, slots=True)
class Reply:
    """The endpoint's response: the status, the headers and the JSON body (None: not JSON)."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def good(self) -> bool:
        """Whether this is a completion, as far as the status tells."""
        return 200 <= self.status < 300


class Endpoint:
    """The endpoint at `url`, with its connections; with a `gate`, only a public one, by HTTPS.
    Thread-safe."""

    def __init__(self, url: str, key: str, origin: Origin, gate: Gate | None = None) -> None:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            self._url = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise AIError(f"{origin.url} is not a valid address.", permanent=True) from None
        if gate is None:
            self._client = HttpClient(headers=headers)
            return
        host = self._url.host
        is_here = gate.allow_loopback and (host == "localhost" or is_loopback(host))
        if self._url.scheme != "https" and not is_here:
            raise AIError("The address must begin with https://.", permanent=True)
        self._client = PublicClient(gate, headers=headers)

    def post(self, body: bytes, allowance: Allowance, *, most: int = ANSWER_LIMIT) -> Reply:
        """The whole answer to `body`. Raises AIError, not permanent, if there was none, it was too
        late, or longer than `most` bytes, by default a megabyte."""
        try:
            answer = self._client.call("POST", self._url, allowance, content=body, most=most)
        except CallError as error:
            raise AIError(f"The AI provider {error.what}.") from None
        except AddressError as error:
            raise AIError(str(error), permanent=True) from None
        said = answer.json()
        return Reply(_status(answer.status, said), answer.headers, said)

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
