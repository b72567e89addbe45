"""Fetches the page of an article's address, which a user may point anywhere.

Each rule has a name that the error carries: what a URL may look like and where it may lead
(`webapp.clients.public`); how many redirects, seconds and bytes; which types of content.
`webapp.parsing.page` parses the result in its own process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.public.contract import AddressError
from webapp.clients.public.gate import Gate
from webapp.clients.web.contract import FetchError, Page
from webapp.clients.web.receiving import (
    ACCEPTED_ENCODINGS,
    FOR_GOOD,
    body_of,
    check_status,
    refusal,
)
from webapp.parsing import charset, child, page, sniffing
from webapp.rules.web_address import joined, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from webapp.clients.http.transport import Trust

MAX_REDIRECTS: Final = 5
MAX_REFRESHES: Final = 3  # of `meta refresh`, each with its own redirects
_OVERHEAD: Final = 1_000_000  # bytes over the limit which headers, redirects and chunking may take
# Starting the parser takes 0.2 s, an ordinary page a few hundredths more, the largest some seconds.
_PARSE_SECONDS: Final = 15.0
_PARSE_MEGABYTES: Final = 512

_TYPES: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
# What a server may have said of a page without knowing what it is.
_UNSURE: Final = sniffing.UNKNOWN | sniffing.BINARY | sniffing.XML
_WHAT: Final = "page"


@dataclass(frozen=True, slots=True)
class _Answer:
    """A page as received, decompressed."""

    url: str
    type: str
    charset: str | None
    body: bytes


class PageFetcher:
    """Fetches pages from the public internet. Thread-safe.

    `timeout`, in seconds, covers everything up to the last byte after the last redirect; parsing
    may take another 15. `max_bytes` counts after decompression. `gate` and `trust` replace the way
    to the internet and the trusted certificates.
    """

    def __init__(
        self,
        gate: Gate | None = None,
        *,
        timeout: float = 10.0,
        max_bytes: int = 5_000_000,
        trust: Trust | None = None,
    ) -> None:
        from webapp.clients.public.client import PublicClient

        self._timeout = timeout
        self._max_bytes = max_bytes
        self._client = PublicClient(
            gate or Gate(),
            headers={
                "Accept": "text/html, application/xhtml+xml, text/plain;q=0.8",
                "Accept-Encoding": ACCEPTED_ENCODINGS,
            },
            trust=trust,
        )

    def fetch(self, url: str, *, on_wait: Callable[[], None] | None = None) -> Page:
        """The page at `url`. Raises `FetchError`, whose message is for the user to read.

        The address is read as browsers read it. A page that sends its readers elsewhere at once
        (`meta refresh`) is a redirect, too. `on_wait` is called now and then while the page is
        parsed; an exception from it ends the parsing.
        """
        allowance = Allowance(self._timeout, wire_bytes=self._max_bytes + _OVERHEAD)
        try:
            url = parts_of(url)["href"]
        except ValueError as error:
            raise FetchError(_said_of(error), rule="url", permanent=True) from error
        seen: set[str] = set()
        while True:
            answer = self._get(url, allowance)
            seen |= {url, answer.url}
            found = _read(answer, on_wait)
            sent_to = _sent_to(answer, found)
            if sent_to is None or sent_to in seen or len(seen) > 2 * MAX_REFRESHES:
                return _page(answer, found)
            url = sent_to

    def _get(self, url: str, allowance: Allowance) -> _Answer:
        """What is found at an address. Raises `FetchError`."""
        try:
            with self._client.follow(url, allowance, most_redirects=MAX_REDIRECTS) as found:
                return self._receive(found, allowance)
        except AddressError as error:
            raise FetchError(str(error), rule=error.rule, permanent=True) from error
        except CallError as error:
            for_good = error.rule in FOR_GOOD
            raise FetchError(
                f"The site {error.what}.", rule=error.rule, permanent=for_good
            ) from error

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _receive(self, response: httpx2.Response, allowance: Allowance) -> _Answer:
        """The body of a response that is neither an error nor of the wrong type or size."""
        check_status(response, _WHAT)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        no_page = refusal(
            response,
            "The address leads to something other than a page of text.",
            what=_WHAT,
            rule="content_type",
        )
        if kind not in _TYPES | _UNSURE:
            raise no_page
        body = body_of(response, allowance, what=_WHAT, max_bytes=self._max_bytes)
        if kind in _UNSURE:
            found = sniffing.sniffed(body, kind)
            if found is None:
                raise no_page
            kind = found
        return _Answer(str(response.url), kind, response.charset_encoding, body)


def check_reader() -> None:
    """Raise `ChildError` where pages cannot be parsed on this machine."""
    child.check(page.__name__, megabytes=_PARSE_MEGABYTES)


def _read(answer: _Answer, on_wait: Callable[[], None] | None) -> dict[str, Any]:
    """The readable content of the response: see `webapp.parsing.page`."""
    found: dict[str, Any] = {}
    if answer.type == "text/plain":
        text = charset.decode(answer.body, answer.charset)
        # A file whose server has no better type; browsers do not show it as text either.
        if "\0" in text[:1024]:
            raise FetchError(
                "The address leads to a file that is not text.", rule="content_type", permanent=True
            )
        found["text"] = page.clean(text)
    else:
        try:
            data = page.request(answer.body, url=answer.url, charset=answer.charset)
            parsed = child.run(
                page.__name__,
                data,
                seconds=_PARSE_SECONDS,
                megabytes=_PARSE_MEGABYTES,
                on_wait=on_wait,
            )
            found = json.loads(parsed)
        except child.ChildError as error:
            raise FetchError(
                f"The page was fetched but not read. {error}",
                rule="unreadable",
                permanent=error.permanent,
            ) from error
    return found


def _sent_to(answer: _Answer, found: dict[str, Any]) -> str | None:
    """Where a page sends its readers at once, if it does and if that is an address of the web."""
    if found.get("refresh") is None:
        return None
    url = _led_to(answer, found, found["refresh"])
    return url if url is not None and url.startswith(("http:", "https:")) else None


def _led_to(answer: _Answer, found: dict[str, Any], reference: str) -> str | None:
    """Where a reference on the page leads, without a fragment; None if it is not valid."""
    try:
        base = joined(answer.url, found.get("base") or "")
        return joined(base, reference).partition("#")[0]
    except ValueError:
        return None


def _page(answer: _Answer, found: dict[str, Any]) -> Page:
    """The page that was read. Raises `FetchError` if there is nothing on it."""
    if not found["text"]:
        raise FetchError(
            "There is no text on the page. It may need JavaScript or a sign-in.",
            rule="no_text",
            permanent=True,
        )
    date = found.get("published_at")
    return Page(
        url=answer.url,
        title=found.get("title"),
        author=found.get("author"),
        published_at=datetime.fromisoformat(date) if date else None,
        language=found.get("language"),
        text=found["text"],
        canonical=found.get("canonical") and _led_to(answer, found, found["canonical"]),
        asks_to_sign_in=found.get("asks_to_sign_in", False),
    )


def _said_of(error: ValueError) -> str:
    """Why something is no address, for the user."""
    return f"This is not an address of a page. {error}"
