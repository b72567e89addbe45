"""Responses that go on for hours without holding a thread.

A view returns a response whose body ends by raising `HandedOver`: by then the head and what there
is are sent, and the server keeps the connection. It asks the listener's source for more, together
with all others of the process, and sends it. A server that cannot do this is not asked to: its
requests offer no streams, and the response ends with what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from flask import Response, request

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

ENVIRON: Final = "coffer.streams"


class Listener(Protocol):
    """Somebody to whom a response goes on."""

    @property
    def owner(self) -> Hashable:
        """Who it counts for."""
        ...

    @property
    def source(self) -> Source:
        """Where more comes from."""
        ...

    @property
    def heartbeat(self) -> bytes:
        """What is sent if there is nothing else, so that each side notices if the other is gone."""
        ...


if TYPE_CHECKING:
    # What is new, for listeners of one source: bytes to send, or None to end the response. Called
    # once a second, in a thread of its own. It must answer within seconds, or raise.
    Source = Callable[[Sequence[Any]], Mapping[Any, bytes | None]]


class Streams(Protocol):
    """What a server offers that can keep connections."""

    def has_room(self, owner: Hashable) -> bool:
        """Whether there may be one more, of this owner."""
        ...


class HandedOver(BaseException):
    """The response goes on without its thread. Not an error, so that nobody handles it as one."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.listener = listener


def streams_of_request() -> Streams | None:
    """What the server of this request offers; None if it cannot keep connections."""
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return None
    found: Streams | None = request.environ.get(ENVIRON)
    return found


def go_on(response: Response, begin: bytes, listener: Listener | None) -> Response:
    """Let a response begin with some bytes, and go on for the listener, if there is one."""

    def body() -> Iterator[bytes]:
        yield begin
        if listener is not None:
            raise HandedOver(listener)

    response.response = body()
    return response
