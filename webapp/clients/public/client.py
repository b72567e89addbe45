"""HTTP calls to addresses given by users.

Imported when something is called, not at startup: httpx2 takes a while to load.
"""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import httpx2

from webapp.clients.http.client import HttpClient
from webapp.clients.http.contract import CallError
from webapp.clients.public.contract import AddressError
from webapp.clients.public.url import check_url
from webapp.rules.web_address import joined

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping

    from webapp.clients.http.allowance import Allowance
    from webapp.clients.http.transport import Trust
    from webapp.clients.public.gate import Gate

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# The error for a server that has not answered yet. All failures give the same one: a user should
# not be able to tell from here whether a port is closed, filtered, or not a web server.
_TOLD: Final = frozenset({"certificate", "too_large"})


@functools.cache
def public_trust() -> ssl.SSLContext:
    """The certificates for servers that users name: the system's. SSL_CERT_FILE is for the
    operator's own servers."""
    return httpx2.create_ssl_context(trust_env=False)


class PublicClient(HttpClient):
    """Calls addresses given by users, each checked as text and by where it leads. Thread-safe.

    Every address is looked up and checked when a connection is made. By default each request makes
    its own; with `keeps_connections`, one is used again for some seconds. Raises what `HttpClient`
    raises, and `AddressError`.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        headers: Mapping[str, str] | None = None,
        trust: Trust | None = None,
        keeps_connections: bool = False,
    ) -> None:
        closes = {} if keeps_connections else {"Connection": "close"}
        super().__init__(
            headers={**closes, **(headers or {})},
            connect=gate.connect,
            trust=trust or public_trust,
            keeps_connections=keeps_connections,
        )

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
        """Like `HttpClient.stream`. No redirect is followed: see `follow`."""
        has_answered = False
        try:
            with super().stream(
                method,
                check_url(str(url)),
                allowance,
                headers=headers,
                content=content,
                cookies=cookies,
            ) as response:
                has_answered = True
                yield response
        except CallError as error:
            if has_answered or error.rule in _TOLD:
                raise
            raise CallError("does not answer", rule="unreachable") from None

    @contextmanager
    def follow(
        self,
        url: str,
        allowance: Allowance,
        *,
        most_redirects: int = 5,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx2.Response]:
        """What is found at `url`, or where it redirects to; each address is checked like the first.

        `history` of the response has the redirects. Cookies last for the redirects, which some
        sites require, and no longer.
        """
        cookies = httpx2.Cookies()
        history: list[httpx2.Response] = []
        with ExitStack() as hop:
            while True:
                try:
                    response = hop.enter_context(
                        self.stream("GET", url, allowance, headers=headers, cookies=cookies)
                    )
                except (AddressError, CallError) as error:
                    raise _of_redirect(error) if history else error from None
                response.history = list(history)
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                if len(history) == most_redirects:
                    raise AddressError(
                        f"The address redirects more than {most_redirects} times.",
                        rule="too_many_redirects",
                    )
                url = _location(response)
                history.append(response)
                hop.close()


def _of_redirect(error: AddressError | CallError) -> AddressError | CallError:
    """The error for an address that the user did not type; the fault is not in theirs."""
    if isinstance(error, CallError):
        return CallError(f"redirects to a server that {error.what}", rule=error.rule)
    return AddressError(f"The address redirects to another one. {error}", rule=error.rule)


def _location(response: httpx2.Response) -> str:
    """Where a redirect leads. It may be anywhere: the next request checks it."""
    location = response.headers.get("location", "").strip()
    try:
        if location:
            return joined(str(response.url), location)
    except ValueError:
        pass
    raise AddressError("The address redirects, but not to a valid address.", rule="redirect")
