"""One POST to an AI endpoint, bounded in time and size.

Imported at the first call only: httpx2 takes a moment to load.
"""

import json
import math
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2

from webapp.clients.ai import AIError

ANSWER_LIMIT = 1 << 20  # bytes; an enrichment takes about a thousand
CONNECT_TIMEOUT = 5.0
_WRITE_CHUNK = 16 * 1024


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
            transport=_DeadlineTransport(secure=url.startswith("https:")),
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
        _clock.deadline = deadline
        try:
            with self._client.stream("POST", self._url, content=body) as response:
                raw = _read(response.iter_raw())
        except (httpx2.TimeoutException, httpcore2.TimeoutException):
            raise AIError(f"The AI provider at {self._host} did not answer in time.") from None
        except (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            kind = _kind(error)
            raise AIError(f"The AI provider at {self._host} cannot be reached ({kind}).") from None
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            data = None
        return Answer(_status(response.status_code, data), response.headers, data)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _kind(error: BaseException) -> str:
    """The class of what went wrong first: ConnectionRefusedError, SSLCertVerificationError …

    Never its text, which may quote the request and the key with it.
    """
    # httpcore2 cuts the chain of causes, but hands the first one on as its argument.
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    return type(error).__name__


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


# --- the deadline ---------------------------------------------------------------------------
#
# A read timeout starts anew with every byte, so a server that drips one a second would never be
# left. Here each operation on the socket may take what is left of the whole call instead. All of
# them happen in the calling thread, which is why the deadline can travel beside httpx2's own
# interfaces in a thread-local.


class _Clock(threading.local):
    deadline = math.inf

    def left(self, most: float = math.inf) -> float:
        left = min(self.deadline - time.monotonic(), most)
        if left <= 0:
            raise httpcore2.TimeoutException("The deadline of the whole call has passed.")
        return left


_clock = _Clock()


class _DeadlineStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _clock.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # In pieces: within one write each send would have the whole time again.
        for start in range(0, len(buffer), _WRITE_CHUNK):
            self._stream.write(buffer[start : start + _WRITE_CHUNK], _clock.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        left = _clock.left(CONNECT_TIMEOUT)
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
            left = _clock.left(CONNECT_TIMEOUT)
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


class _DeadlineTransport(httpx2.BaseTransport):
    """What httpx2's own transport does, over a network backend; that one takes none."""

    def __init__(self, *, secure: bool) -> None:
        self._pool = httpcore2.ConnectionPool(
            # Reading the system's certificates takes a while: not for a model on this machine.
            ssl_context=httpx2.create_ssl_context(trust_env=False) if secure else None,
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
        extensions = request.extensions | {"timeout": {"pool": _clock.left()}}
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
