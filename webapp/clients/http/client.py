"""Calls over HTTP, each within an allowance.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx2

from webapp.clients.http import connection
from webapp.clients.http.contract import Answer, CallError
from webapp.clients.http.transport import Transport
from webapp.version import VERSION

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping

    from webapp.clients.http.allowance import Allowance
    from webapp.clients.http.transport import Connect, Trust

# The largest whole response in bytes, unless more is requested.
ANSWER_LIMIT: Final = 1_000_000


@functools.cache
def operators_trust() -> ssl.SSLContext:
    """The certificates for servers that the operator names: the system's, or those of
    SSL_CERT_FILE, which a company's own servers may need."""
    return httpx2.create_ssl_context()


class HttpClient:
    """Calls servers that the operator names; for those that users name, see `PublicClient` in
    `webapp.clients.public.client`. Thread-safe; connects when it is first called.

    `headers` are sent with each request. Nothing else is added: no redirects are followed, no
    cookies kept, and no proxy or ~/.netrc used. A secret is only for the address that it was made
    for, and a proxy's operator could read it off a plain connection.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        connect: Connect = connection.connect,
        trust: Trust = operators_trust,
        keeps_connections: bool = True,
    ) -> None:
        self._headers = {
            "User-Agent": f"Coffer/{VERSION}",
            "Accept": "*/*",
            # A compressed megabyte can be a gigabyte.
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        self._transport = Transport(connect, trust, keeps_connections=keeps_connections)

    def call(
        self,
        method: str,
        url: str | httpx2.URL,
        allowance: Allowance,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | Iterable[bytes] | None = None,
        most: int = ANSWER_LIMIT,
    ) -> Answer:
        """The whole response, of at most `most` bytes. Otherwise like `stream`."""
        with self.stream(method, url, allowance, headers=headers, content=content) as response:
            body = read(response.iter_raw(), most)
            return Answer(response.status_code, response.headers, body)

    @contextmanager
    def stream(
        self,
        method: str,
        url: str | httpx2.URL,
        allowance: Allowance,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | Iterable[bytes] | None = None,
        cookies: httpx2.Cookies | None = None,
    ) -> Iterator[httpx2.Response]:
        """A response whose body is still to be read: raw with `iter_raw()`, decompressed with
        `iter_bytes()`; both may be endless.

        `content` in pieces is sent as it comes: with a Content-Length in `headers`, otherwise in
        chunks. `cookies` are sent, and set by the response. Raises `CallError`, also from within
        the block, and httpx2.InvalidURL.
        """
        request = httpx2.Request(
            method,
            url,
            headers=self._headers | dict(headers or {}),
            cookies=cookies,
            content=content,
        )
        try:
            response = self._transport.send(request, allowance)
            try:
                if cookies is not None:
                    cookies.extract_cookies(response)
                yield response
            finally:
                response.close()
        except httpx2.DecodingError:
            raise CallError("sent a badly compressed answer", rule="content_encoding") from None

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def read(pieces: Iterable[bytes], most: int) -> bytes:
    """A whole body, of at most `most` bytes. Raises `CallError`."""
    body = bytearray()
    for piece in pieces:
        if len(body) + len(piece) > most:
            raise CallError(f"sent more than {most / 1e6:g} MB", rule="too_large")
        body += piece
    return bytes(body)
