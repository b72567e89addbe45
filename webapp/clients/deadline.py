"""HTTP over httpx2 that ends in time, whatever the other side does.

A read timeout starts anew with every byte, so a server that drips one a second would never be
left. Here each operation on the socket may take what is left of the whole call instead. All of them
happen in the calling thread, which is why the deadline can travel beside httpx2's own interfaces in
a thread-local: set `clock.deadline`, then ask. What is late raises httpcore2.TimeoutException.
Looking up a host's name is the system's business and the only step that is not cut short.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT = 5.0  # seconds, for each address of a host
_WRITE_CHUNK = 16 * 1024


class _Clock(threading.local):
    """When this thread's call has to be over, on time.monotonic's clock."""

    deadline = math.inf

    def left(self, most: float = math.inf) -> float:
        left = min(self.deadline - time.monotonic(), most)
        if left <= 0:
            raise httpcore2.TimeoutException("The deadline of the whole call has passed.")
        return left


clock = _Clock()


def kind_of(error: BaseException) -> str:
    """The class of what went wrong first: ConnectionRefusedError, SSLCertVerificationError …

    Never its text, which may quote the request and a secret with it.
    """
    # httpcore2 cuts the chain of causes, but hands the first one on as its argument.
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    return type(error).__name__


class _DeadlineStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, clock.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # In pieces: within one write each send would have the whole time again.
        for start in range(0, len(buffer), _WRITE_CHUNK):
            self._stream.write(buffer[start : start + _WRITE_CHUNK], clock.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        left = clock.left(CONNECT_TIMEOUT)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        # One address after the other, as the library would, but each with what is left by then.
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(error) from error
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for address in dict.fromkeys(str(entry[4][0]) for entry in found):
            left = clock.left(CONNECT_TIMEOUT)
            try:
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream)
        raise failure


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Any:
        return iter(self._stream)

    def close(self) -> None:
        self._stream.close()


class DeadlineTransport(httpx2.BaseTransport):
    """What httpx2's own transport does, over a network backend; that one takes none. Without
    `trust` it speaks to no server over TLS."""

    def __init__(self, trust: ssl.SSLContext | None) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust,
            keepalive_expiry=5.0,
            network_backend=_DeadlineBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        extensions = request.extensions | {"timeout": {"pool": clock.left()}}
        response = self._pool.handle_request(
            httpcore2.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=extensions,
            )
        )
        return httpx2.Response(
            response.status, headers=response.headers, stream=_Body(response.stream)
        )

    def close(self) -> None:
        self._pool.close()
