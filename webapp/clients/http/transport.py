"""HTTP/1.1 over connections that keep to an allowance.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import select
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

from webapp.clients.http import connection
from webapp.clients.http.contract import CallError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from webapp.clients.http.allowance import Allowance

    Connect = Callable[[str, int, Allowance], socket.socket]
    Trust = Callable[[], ssl.SSLContext]

# Seconds that a connection is kept for the next request; many servers close it after five.
_IDLE_SECONDS = 4.0


class Transport:
    """Sends requests unchanged: no redirects are followed, no cookies kept, no proxy used, nothing
    read from the environment, and nothing logged, because an address may contain a secret.
    Thread-safe.

    `connect` opens connections; `trust` returns the certificates to verify with, and is called when
    first needed. Without `keeps_connections` each request has its own connection.
    """

    def __init__(self, connect: Connect, trust: Trust, *, keeps_connections: bool) -> None:
        self._pool = httpcore2.ConnectionPool(
            # This one is not used, but is cheap to create: see `_Stream.start_tls`.
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            max_connections=None,
            max_keepalive_connections=None if keeps_connections else 0,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_Network(connect, trust),
        )

    def send(self, request: httpx2.Request, allowance: Allowance) -> httpx2.Response:
        """The response to `request`, its body still to be read, and to be closed by the caller.

        Raises `CallError`, and so does reading the body.
        """
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        # httpcore2 passes each timeout on to the connection and looks at none of them.
        timeout = dict.fromkeys(("connect", "read", "write"), allowance)
        with _errors_of_ours():
            answer = self._pool.handle_request(
                httpcore2.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={"timeout": timeout},
                )
            )
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), request=request
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


@contextmanager
def _errors_of_ours() -> Iterator[None]:
    """Convert what httpcore2 raises to `CallError`: here, not around the whole call, so that of two
    calls, one of which sends what the other receives, each reports its own error."""
    try:
        yield
    except httpcore2.ProtocolError:
        raise CallError(
            "closed the connection early, or did not speak valid HTTP", rule="protocol"
        ) from None
    except httpcore2.NetworkError as error:
        raise connection.unreachable(error) from None


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_ours():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class _Network(httpcore2.NetworkBackend):
    def __init__(self, connect: Connect, trust: Trust) -> None:
        self._connect = connect
        self._trust = trust

    def connect_tcp(
        self, host: str, port: int, timeout: Any = None, *_: Any, **__: Any
    ) -> httpcore2.NetworkStream:
        return _Stream(self._connect(host, port, timeout), self._trust)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every operation keeps to the allowance passed as its timeout."""

    def __init__(self, connected: socket.socket, trust: Trust) -> None:
        self._connected = connected
        self._trust = trust

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        try:
            return connection.receive(self._connected, max_bytes, timeout)
        except OSError as error:
            raise httpcore2.ReadError(error) from error

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        try:
            connection.send(self._connected, buffer, timeout)
        except OSError as error:
            # httpcore2 then checks whether the server answered before it closed the connection.
            raise httpcore2.WriteError(error) from error

    def close(self) -> None:
        self._connected.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 -- reading certificates takes a while: only now
        server_hostname: str | None = None,
        timeout: Any = None,
    ) -> httpcore2.NetworkStream:
        trust = self._trust()
        trust.set_alpn_protocols(["http/1.1"])
        secured = connection.secure(self._connected, trust, server_hostname or "", timeout)
        return _Stream(secured, self._trust)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # for a kept connection: the server has closed it
            poll = select.poll()
            poll.register(self._connected, select.POLLIN)
            return bool(poll.poll(0))
        return None  # asked for HTTP/2; there is none
