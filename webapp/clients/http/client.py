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

# Bytes of an answer that is kept whole, unless more is asked for.
ANSWER_LIMIT: Final = 1_000_000


@functools.cache
def operators_trust() -> ssl.SSLContext:
    """What the servers that the operator names are trusted by: the system's certificates, or those
    of SSL_CERT_FILE, for a company's own servers may need them."""
    return httpx2.create_ssl_context()


class HttpClient:
    """Calls servers that the operator names; for those that users name, see `PublicClient` in
    `webapp.clients.public.client`. Thread-safe; connects when it is first called.

    `headers` go with each request. What a request is not told is not added: no redirect is
    followed, no cookie kept, no proxy and no ~/.netrc used. A secret is for the address that it
    was made for, and whoever runs a proxy would read it off a plain connection.
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
        """The whole answer, of at most `most` bytes. As `stream` otherwise."""
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
        """An answer whose body is still to be read: `iter_raw()` as it comes, `iter_bytes()`
        decompressed; both may be endless.

        `content` in pieces is sent as it comes: with a Content-Length in `headers`, or else in
        chunks. `cookies` are sent, and set by the answer. Raises `CallError`, also from within the
        block, and httpx2.InvalidURL.
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
    """All of a body, of at most `most` bytes. Raises `CallError`."""
    body = bytearray()
    for piece in pieces:
        if len(body) + len(piece) > most:
            raise CallError(f"sent more than {most / 1e6:g} MB", rule="too_large")
        body += piece
    return bytes(body)
