"""Sends messages to webhooks.

Imported when something is sent, not at startup: httpx2 takes a while to load.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.clients.public.client import PublicClient
from webapp.clients.public.contract import AddressError
from webapp.clients.webhooks.contract import Reply
from webapp.clients.webhooks.signature import signature

if TYPE_CHECKING:
    import httpx2

    from webapp.clients.public.gate import Gate
    from webapp.clients.webhooks.contract import Message

# Seconds for everything, and bytes of a response that are read. More is not an error: the webhook
# has accepted the message, and what it says is of no use here.
SECONDS: Final = 15.0
_MOST_READ: Final = 65_536
_EXCERPT: Final = 1_000

# Connections are kept for less than this many seconds after an answer.
_KEPT: Final = 5.0
_MOST_KNOWN: Final = 10_000


class Sender:
    """Sends to public addresses; follows no redirects. Thread-safe.

    Where much is sent, connections are used again: most of what a message costs both sides is to
    agree on encryption.
    """

    def __init__(self, gate: Gate, *, seconds: float = SECONDS) -> None:
        self._client = PublicClient(gate, keeps_connections=True)
        self._seconds = seconds
        self._answered: dict[str, float] = {}

    def send(self, url: str, message: Message) -> Reply:
        """Try once. Raises nothing that a webhook causes."""
        began = time.monotonic()
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(
                signature(secret, message.id, timestamp, message.body) for secret in message.secrets
            ),
        }
        allowance = Allowance(self._seconds)
        try:
            try:
                reply = self._send(url, headers, message.body, allowance, began)
            except CallError:
                # The server may have closed a kept connection just before this was sent on it.
                # Sending it twice does no harm: that is what the message's id is for.
                if began - self._answered.pop(url, -_KEPT) >= _KEPT:
                    raise
                reply = self._send(url, headers, message.body, allowance, began)
        except (CallError, AddressError) as error:
            return Reply(_since(began), error=str(error))
        if len(self._answered) >= _MOST_KNOWN:
            self._answered.clear()
        self._answered[url] = time.monotonic()
        return reply

    def _send(
        self, url: str, headers: dict[str, str], body: bytes, allowance: Allowance, began: float
    ) -> Reply:
        with self._client.stream("POST", url, allowance, headers=headers, content=body) as response:
            status, wait = response.status_code, seconds_to_wait(response.headers)
            excerpt = _beginning(response)
        return Reply(_since(began), status=status, excerpt=excerpt, retry_after=wait)

    def close(self) -> None:
        """Close it."""
        self._client.close()


def _beginning(response: httpx2.Response) -> str:
    """The beginning of a response, as far as it arrives."""
    body = bytearray()
    with suppress(CallError):  # the status is what counts
        for piece in response.iter_raw():
            body += piece
            if len(body) >= _MOST_READ:
                break
    return bytes(body).decode(errors="replace").replace("\0", "\ufffd")[:_EXCERPT]


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
