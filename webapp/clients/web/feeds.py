"""Fetches feeds from addresses of users; `webapp.parsing.feed` parses them in its own process."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.public.contract import AddressError
from webapp.clients.public.gate import Gate
from webapp.clients.web.contract import Entry, Feed, FetchError, UnchangedFeed
from webapp.clients.web.receiving import ACCEPTED_ENCODINGS, FOR_GOOD, body_of, check_status
from webapp.parsing import child, feed, page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx2

    from webapp.clients.http.transport import Trust

_WHAT: Final = "feed"
_MAX_REDIRECTS: Final = 5
_OVERHEAD: Final = 1_000_000  # bytes over the limit which headers, redirects and chunking may take
_PARSE_SECONDS: Final = 20.0
_PARSE_MEGABYTES: Final = 512
_FOR_GOOD: Final = frozenset({301, 308})
# Longer ones are not kept: they would be sent each time.
_MAX_ETAG, _MAX_DATE = 1_000, 100


class _Answer(NamedTuple):
    url: str  # in the end
    moved_to: str  # as far as the redirects are permanent
    body: bytes | None  # None: as it was
    charset: str | None
    etag: str | None
    last_modified: str | None


class FeedFetcher:
    """Fetches feeds from the public internet. Thread-safe.

    `timeout`, in seconds, covers everything up to the last byte; parsing may take another 20.
    `max_bytes` counts after decompression.
    """

    def __init__(
        self,
        gate: Gate | None = None,
        *,
        timeout: float = 20.0,
        max_bytes: int = 10_000_000,
        trust: Trust | None = None,
    ) -> None:
        from webapp.clients.public.client import PublicClient

        self._timeout = timeout
        self._max_bytes = max_bytes
        self._client = PublicClient(
            gate or Gate(),
            headers={
                "Accept": "application/atom+xml, application/rss+xml, application/feed+json,"
                " application/xml;q=0.9, application/json;q=0.9, text/xml;q=0.9, */*;q=0.1",
                "Accept-Encoding": ACCEPTED_ENCODINGS,
            },
            trust=trust,
        )

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        from_page: bool = False,
        on_wait: Callable[[], None] | None = None,
    ) -> Feed | UnchangedFeed:
        """The feed at `url`, unless it is as it was by what its server said of it. Raises
        `FetchError`, whose message is for the user to read.

        With `from_page`, the address may also be that of a page that names its feed. `on_wait` is
        called now and then while the feed is parsed.
        """
        allowance = Allowance(self._timeout, wire_bytes=2 * (self._max_bytes + _OVERHEAD))
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        answer = self._get(url, allowance, {name: text for name, text in known.items() if text})
        if answer.body is None:
            return UnchangedFeed(answer.moved_to)
        found = _parsed(answer, answer.body, on_wait)
        if found["feed"] is None and from_page and found["links"]:
            answer = self._get(found["links"][0], allowance, {})
            found = _parsed(answer, answer.body or b"", on_wait)
        if found["feed"] is None:
            raise FetchError("There is no feed at this address.", rule="no_feed", permanent=True)
        return Feed(
            url=answer.moved_to,
            title=found["feed"]["title"],
            site_url=found["feed"]["site_url"],
            entries=[entry for each in found["feed"]["entries"] if (entry := _entry(each))],
            etag=answer.etag,
            last_modified=answer.last_modified,
        )

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _get(self, url: str, allowance: Allowance, headers: dict[str, str]) -> _Answer:
        try:
            with self._client.follow(
                url, allowance, most_redirects=_MAX_REDIRECTS, headers=headers
            ) as response:
                return self._received(response, allowance)
        except AddressError as error:
            raise FetchError(str(error), rule=error.rule, permanent=True) from error
        except CallError as error:
            raise FetchError(
                f"The site {error.what}.", rule=error.rule, permanent=error.rule in FOR_GOOD
            ) from error

    def _received(self, response: httpx2.Response, allowance: Allowance) -> _Answer:
        body = None
        if response.status_code != 304:
            check_status(response, _WHAT)
            body = body_of(response, allowance, what=_WHAT, max_bytes=self._max_bytes)
        return _Answer(
            url=str(response.url),
            moved_to=_moved_to([*response.history, response]),
            body=body,
            charset=response.charset_encoding,
            etag=_short(response, "etag", _MAX_ETAG),
            last_modified=_short(response, "last-modified", _MAX_DATE),
        )


def check_reader() -> None:
    """Raise `ChildError` where feeds cannot be parsed on this machine."""
    child.check(feed.__name__, megabytes=_PARSE_MEGABYTES)


def _moved_to(responses: Sequence[httpx2.Response]) -> str:
    """The last address that an address has led to by permanent redirects alone."""
    for response in responses[:-1]:
        if response.status_code not in _FOR_GOOD:
            return str(response.url)
    return str(responses[-1].url)


def _short(response: httpx2.Response, name: str, most: int) -> str | None:
    text: str = response.headers.get(name, "").strip()
    return text if text and len(text) <= most and text.isascii() and text.isprintable() else None


def _parsed(answer: _Answer, body: bytes, on_wait: Callable[[], None] | None) -> dict[str, Any]:
    try:
        parsed = child.run(
            feed.__name__,
            page.request(body, url=answer.url, charset=answer.charset),
            seconds=_PARSE_SECONDS,
            megabytes=_PARSE_MEGABYTES,
            output_megabytes=64,
            on_wait=on_wait,
        )
    except child.ChildError as error:
        raise FetchError(
            f"The feed was fetched but not read. {error}",
            rule="unreadable",
            permanent=error.permanent,
        ) from error
    found: dict[str, Any] = json.loads(parsed)
    return found


def _entry(found: dict[str, Any]) -> Entry | None:
    """An entry, if there is anything to keep of it."""
    if found["url"] is None and not found["title"] and not found["text"]:
        return None
    date = found["published_at"]
    return Entry(
        id=found["id"],
        url=found["url"],
        title=found["title"],
        text=found["text"],
        published_at=datetime.fromisoformat(date) if date else None,
    )
