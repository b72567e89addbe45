"""Fetches the page behind an article's address, for a user who may point it anywhere (I6).

The rules, each with a name that the error carries: what a URL may look like and where it may lead
(`webapp.clients.address`); how many redirects, seconds and bytes; which types of content. What
arrives is parsed by `webapp.parsing.page` in a process of its own.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from webapp.failure import Failure
from webapp.parsing import child, page

if TYPE_CHECKING:
    import ssl

    import httpx2

MAX_REDIRECTS = 5
_LONGEST_WAIT = 86_400.0  # seconds; a `Retry-After` beyond a day is no wait but a refusal
_OVERHEAD = 1_000_000  # bytes over the limit which headers, redirects and chunking may take
# Starting the parser takes 0.2 s, an ordinary page a few hundredths more, the largest some seconds.
_PARSE_SECONDS = 15.0
_PARSE_MEGABYTES = 512

_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})  # the 4xx statuses which say "not now" rather than "no"
_STATUSES = {
    401: "The page is only for people who have signed in.",
    403: "The site does not let Coffer read the page.",
    404: "There is no page at this address.",
    410: "The page has been removed.",
    429: "The site asks Coffer to come back later.",
}


class FetchError(Failure):
    """The page was not fetched, or there is nothing to read on it.

    `rule` names what refused it, for tests and logs: `url`, `url_too_long`, `scheme`,
    `credentials`, `host`, `address_not_public`, `name_not_found`, `unreachable`, `tls`,
    `certificate`, `timeout`, `protocol`, `redirect`, `too_many_redirects`, `status`,
    `content_type`, `content_encoding`, `too_large`, `unreadable`, `no_text`.
    """

    def __init__(
        self, message: str, *, rule: str, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.rule = rule


def refusal(rule: str, message: str) -> FetchError:
    """A `FetchError` that trying again cannot change."""
    return FetchError(message, rule=rule, permanent=True)


class Allowance:
    """What one fetch may use up: seconds, and bytes from the network as they come over the wire.

    One clock for name look-ups, connections, TLS, headers, bodies and redirects, so that no server
    can stretch a fetch by being slow in each of them, or by one byte at a time.
    """

    def __init__(self, seconds: float, wire_bytes: int) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._bytes = wire_bytes

    def seconds_left(self) -> float:
        """More than none. Raises `FetchError` with the rule `timeout`."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.time_is_up()
        return left

    def time_is_up(self) -> FetchError:
        """The error to raise then. Temporary: every site is slow on some day."""
        return FetchError(f"The site took longer than {self._seconds:g} seconds.", rule="timeout")

    def take(self, count: int) -> None:
        """Count bytes that have come. Raises `FetchError` with the rule `too_large`."""
        self._bytes -= count
        if self._bytes < 0:
            raise refusal("too_large", "The page is too large.")


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to read on a page."""

    url: str  # where it was in the end, after redirects
    title: str | None  # at most 300 characters
    author: str | None  # at most 200 characters
    published_at: datetime | None  # UTC
    language: str | None  # ISO 639-1, if the page declares one
    text: str  # at most 500,000 characters, paragraphs separated by blank lines


@dataclass(frozen=True, slots=True)
class _Answer:
    """A page as it came, decompressed."""

    url: str
    type: str
    charset: str | None
    body: bytes


class PageFetcher:
    """Fetches pages from the public internet. Safe to use from several threads at once.

    `timeout`, in seconds, covers everything up to the last byte after the last redirect; parsing
    may take another 15. `max_bytes` counts after decompression. `allow_loopback` is for tests and
    permits loopback addresses, no others; `resolve`, `connect` and `ssl_context` stand in for the
    system's name look-up, connections and trusted certificates.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        timeout: float = 10.0,
        max_bytes: int = 5_000_000,
        resolve: Callable[..., Iterable[tuple[Any, ...]]] = socket.getaddrinfo,
        connect: Callable[..., socket.socket] = socket.create_connection,
        ssl_context: "ssl.SSLContext | None" = None,
    ) -> None:
        import httpx2

        self._allow_loopback = allow_loopback
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._resolve = resolve
        self._connect = connect
        # Without the environment: SSL_CERT_FILE and proxies are for the operator's own services.
        self._ssl_context = ssl_context or httpx2.create_ssl_context(trust_env=False)
        self._headers = {
            "User-Agent": _user_agent(),
            "Accept": "text/html, application/xhtml+xml, text/plain;q=0.8",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
        }

    def fetch(self, url: str) -> Page:
        """The page at `url`. Raises `FetchError`, whose message is for the user to read."""
        import httpx2

        from webapp.clients.address import Gate, PublicTransport

        allowance = Allowance(self._timeout, self._max_bytes + _OVERHEAD)
        gate = Gate(allowance, self._allow_loopback, self._resolve, self._connect)
        # A client for each fetch: cookies live through its redirects, on which some sites insist,
        # and no longer; and threads share nothing.
        with httpx2.Client(
            transport=PublicTransport(gate, self._ssl_context),
            headers=self._headers,
            timeout=None,  # the gate keeps the time
            trust_env=False,
        ) as client:
            answer = self._follow(client, url.strip(), allowance)
        return _read(answer)

    def close(self) -> None:
        """Nothing: no connection outlives its fetch. Here so that owners need not know that."""

    def _follow(self, client: "httpx2.Client", url: str, allowance: Allowance) -> _Answer:
        """What is found at `url` or where it redirects to."""
        for hop in range(MAX_REDIRECTS + 1):
            try:
                found = self._visit(client, url, allowance)
            except FetchError as error:
                if not hop:
                    raise
                # Otherwise the user would look for the fault in the address they typed.
                raise FetchError(
                    f"The page redirects to another address. {error}",
                    rule=error.rule,
                    permanent=error.permanent,
                    retry_after=error.retry_after,
                ) from error
            if isinstance(found, _Answer):
                return found
            url = found
        raise refusal("too_many_redirects", f"The page redirects more than {MAX_REDIRECTS} times.")

    def _visit(self, client: "httpx2.Client", url: str, allowance: Allowance) -> "_Answer | str":
        """One request: the page, or the URL it redirects to."""
        import httpcore2
        import httpx2

        from webapp.clients.address import check_url

        request = client.build_request("GET", check_url(url))
        try:
            response = client.send(request, stream=True)
            try:
                if response.status_code in _REDIRECTS:
                    return _location(response)
                return self._receive(response, allowance)
            finally:
                response.close()
        except httpx2.DecodingError as error:
            raise refusal("content_encoding", "The page arrived wrongly compressed.") from error
        except httpcore2.ProtocolError as error:
            raise FetchError(
                "The site's answer broke off or was not proper HTTP.", rule="protocol"
            ) from error
        except httpcore2.NetworkError as error:
            raise FetchError("The connection to the site broke.", rule="unreachable") from error

    def _receive(self, response: "httpx2.Response", allowance: Allowance) -> _Answer:
        """The body of an answer that is neither an error nor of the wrong type or size."""
        _check_status(response)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        # None at all is refused as well: guessing from the bytes would undo the rule, and what
        # sends no type is hardly ever an article.
        if kind not in _TYPES:
            raise refusal(
                "content_type", "The address leads to something other than a page of text."
            )
        # httpx2 passes on what it cannot decode, and decodes twice if told so: neither was asked.
        if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise refusal("content_encoding", "The page is compressed in a way Coffer cannot read.")
        too_large = refusal("too_large", f"The page is larger than {self._max_bytes / 1e6:g} MB.")
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            raise too_large
        body = bytearray()
        for piece in response.iter_bytes():  # decompressed, at most 1 MiB each
            allowance.seconds_left()
            if len(body) + len(piece) > self._max_bytes:
                raise too_large
            body += piece
        return _Answer(str(response.url), kind, response.charset_encoding, bytes(body))


def _location(response: "httpx2.Response") -> str:
    """Where a redirect leads. It may be anywhere: the next request checks it."""
    location = response.headers.get("location", "").strip()
    try:
        if location:
            return urljoin(str(response.url), location)
    except ValueError:
        pass
    raise refusal("redirect", "The page redirects, but not to a valid address.")


def _check_status(response: "httpx2.Response") -> None:
    """Raise `FetchError` with the rule `status` unless there is a page in the answer."""
    status = response.status_code
    if response.is_success:
        return
    later = status in _LATER or status >= 500
    message = _STATUSES.get(status) or (
        "The site has a problem." if status >= 500 else "The site refuses the request."
    )
    raise FetchError(
        f"{message} (HTTP status {status})",
        rule="status",
        permanent=not later,
        retry_after=_wait(response.headers.get("retry-after", "")) if later else None,
    )


def _wait(retry_after: str) -> float | None:
    """The seconds a `Retry-After` header asks for, as a number or until a date; at most a day."""
    from email.utils import parsedate_to_datetime

    if re.fullmatch(r"[0-9]{1,12}", retry_after.strip()):
        return min(float(retry_after), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(retry_after)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _read(answer: _Answer) -> Page:
    """What there is to read in the answer."""
    found: dict[str, str | None] = {}
    if answer.type == "text/plain":
        text = page.decode(answer.body, answer.charset)
        # A file whose server knows no better type; browsers do not show it as text either.
        if "\0" in text[:1024]:
            raise refusal("content_type", "The address leads to a file that is not text.")
        found["text"] = page.clean(text)
    else:
        try:
            data = page.request(answer.body, url=answer.url, charset=answer.charset)
            found = json.loads(
                child.run(page.__name__, data, seconds=_PARSE_SECONDS, megabytes=_PARSE_MEGABYTES)
            )
        except child.ChildError as error:
            raise FetchError(
                f"The page was fetched but not read. {error}",
                rule="unreadable",
                permanent=error.permanent,
            ) from error
    if not found["text"]:
        raise refusal(
            "no_text", "There is no text on the page. It may need JavaScript or a sign-in."
        )
    date = found.get("published_at")
    return Page(
        url=answer.url,
        title=found.get("title"),
        author=found.get("author"),
        published_at=datetime.fromisoformat(date) if date else None,
        language=found.get("language"),
        text=found["text"],
    )


def _user_agent() -> str:
    """`Coffer/1.2.3`, or `Coffer` alone from sources that are not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"Coffer/{version('coffer')}"
    except PackageNotFoundError:
        return "Coffer"
