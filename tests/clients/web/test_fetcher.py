from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients.site import ARTICLE, Site, redirect, response, text
from webapp.clients.public.gate import Gate
from webapp.clients.web.contract import FetchError, Page
from webapp.clients.web.fetcher import PageFetcher, check_reader
from webapp.parsing import page
from webapp.parsing.child import ChildError

PUBLIC = "93.184.215.14"
PRIVATE = "10.1.2.3"


@pytest.fixture(scope="module")
def fetcher() -> PageFetcher:
    return fetching(allow_loopback=True, timeout=3)


def fetching(
    *,
    allow_loopback: bool = False,
    resolve: Any = socket.getaddrinfo,
    dial: Any = socket.create_connection,
    **options: Any,
) -> PageFetcher:
    gate = Gate(allow_loopback=allow_loopback, resolve=resolve, dial=dial)
    return PageFetcher(gate, **options)


def refused(fetcher: PageFetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url)
    return caught.value


# What is fetched


def test_whoever_waits_for_a_page_may_end_it(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/article"] = response()

    def on_wait() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetcher.fetch(site.url("/article"), on_wait=on_wait)


def test_a_page_that_cannot_be_read_here_is_tried_again_and_not_called_damaged(
    fetcher: PageFetcher, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/article"] = response()
    monkeypatch.setattr(page, "__name__", "tests.parsing.not_loadable")
    error = refused(fetcher, site.url("/article"))
    assert (error.rule, error.permanent) == ("unreadable", False)
    assert "damaged" not in str(error)
    with pytest.raises(ChildError, match="It has moved"):
        check_reader()


def test_an_article_is_fetched_and_read(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/article"] = response()
    page = fetcher.fetch(f"  {site.url('/article')}\n")
    assert page.url == site.url("/article")
    assert (page.title, page.author, page.language) == ("A good harvest", "Jane Doe", "en")
    assert page.published_at == datetime(2024, 3, 1, 8, 11, 12, tzinfo=UTC)
    assert "pickers worked until dusk" in page.text


def test_xhtml_is_read_like_html(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = response(content_type="application/xhtml+xml; charset=utf-8")
    assert fetcher.fetch(site.url()).title == "A good harvest"


def test_plain_text_has_text_alone(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = text(b"One.\r\n\r\n\r\n\r\nTwo.\x07\r\n", content_type="Text/Plain")
    assert fetcher.fetch(site.url()) == Page(
        url=site.url(),
        title=None,
        author=None,
        published_at=None,
        language=None,
        text="One.\n\nTwo.",
    )


def test_requests_say_honestly_who_asks_for_what(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/a?b=c%20d"] = text()
    fetcher.fetch(site.url("/a?b=c d#fragment"))
    request = site.requests[0].lower()
    assert request.startswith("get /a?b=c%20d http/1.1\r\n")
    assert "\r\nuser-agent: coffer" in request
    assert "mozilla" not in request
    assert "\r\naccept: text/html, application/xhtml+xml, text/plain" in request
    assert f"\r\nhost: {site.address[0]}:{site.address[1]}\r\n" in request


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Grün".encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        ("Grün".encode(), 'text/plain; charset="utf-8"'),
        ("Grün".encode(), "text/plain"),
        ("Grün".encode("utf-16"), "text/plain"),
        ("Grün".encode("utf-16-le"), "text/plain; charset=utf-16le"),
        ("Grün".encode(), "text/plain; charset=nonsense"),
        ("<meta charset=koi8-r><p>Grün".encode(), "text/html; charset=utf-8"),
    ],
)
def test_text_is_decoded_as_the_server_or_the_page_declares(
    fetcher: PageFetcher, site: Site, body: bytes, content_type: str
) -> None:
    site.pages["/"] = text(body, content_type=content_type)
    assert fetcher.fetch(site.url()).text == "Grün"


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("X-GZip", gzip.compress),
        ("deflate", zlib.compress),
        ("x-deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("identity", bytes),
    ],
)
def test_compressed_pages_are_read(
    fetcher: PageFetcher, site: Site, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    site.pages["/"] = text(compress(b"Squeezed."), content_encoding=encoding)
    assert fetcher.fetch(site.url()).text == "Squeezed."


def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    site.pages["/"] = text()
    assert fetching(allow_loopback=True).fetch(site.url()).text == "Just text."


def test_cookies_last_for_one_fetch_only(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = response(b"", "302 Found", location="/in", set_cookie="seen=1; Path=/")
    site.pages["/in"] = text()
    fetcher.fetch(site.url())
    fetcher.fetch(site.url())
    assert ["seen=1" in request for request in site.requests] == [False, True, False, True]


def test_several_threads_fetch_at_once(site: Site) -> None:
    for n in range(24):
        site.pages[f"/{n}"] = text(b"Page %d." % n)
    fetcher = fetching(allow_loopback=True)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: fetcher.fetch(site.url(f"/{n}")).text, range(24)))
    assert found == [f"Page {n}." for n in range(24)]


def test_a_closed_fetcher_has_left_nothing_open(site: Site) -> None:
    site.pages["/"] = text()
    fetcher = fetching(allow_loopback=True)
    fetcher.fetch(site.url())
    fetcher.close()
    assert "connection: close" in site.requests[0].lower()


# Time


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        pytest.param(b"", "unreachable", id="silence"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", "unreachable", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", "timeout", id="body"),
    ],
)
def test_a_server_that_drips_does_not_outlast_the_limit(
    site: Site, start: bytes, rule: str
) -> None:
    def drip(connection: Any) -> None:
        connection.send(start)
        connection.forever(b"x" if start else b"", every=0.02)

    site.pages["/"] = drip
    began = time.monotonic()
    error = refused(fetching(allow_loopback=True, timeout=0.15), site.url())
    assert (error.rule, error.permanent) == (rule, False)
    assert time.monotonic() - began < 30


def test_the_limit_is_for_all_redirects_together(site: Site) -> None:
    def slowly(connection: Any) -> None:
        time.sleep(0.1)
        connection.send(redirect("/"))

    site.pages["/"] = slowly
    began = time.monotonic()
    assert refused(fetching(allow_loopback=True, timeout=0.15), site.url()).rule == "unreachable"
    assert time.monotonic() - began < 30


def test_endless_interim_answers_do_not_outlast_the_limit(site: Site) -> None:
    site.pages["/"] = lambda connection: connection.forever(
        b"HTTP/1.1 103 Early Hints\r\n\r\n", every=0.01
    )
    assert refused(fetching(allow_loopback=True, timeout=0.15), site.url()).rule == "unreachable"


# Size


@pytest.fixture(scope="module")
def small() -> PageFetcher:
    return fetching(allow_loopback=True, timeout=3, max_bytes=100_000)


def test_a_page_of_exactly_the_limit_is_taken(small: PageFetcher, site: Site) -> None:
    site.pages["/"] = text(b"x" * 100_000)
    assert len(small.fetch(site.url()).text) == 100_000


def test_a_page_over_the_limit_is_refused_by_its_own_account(
    small: PageFetcher, site: Site
) -> None:
    site.pages["/"] = text(b"", content_length="100001")
    error = refused(small, site.url())
    assert (error.rule, error.permanent) == ("too_large", True)
    assert "0.1 MB" in str(error)


def test_an_endless_page_is_refused(small: PageFetcher, site: Site) -> None:
    def endless(connection: Any) -> None:
        connection.send(text(content_length=None))
        connection.forever(b"x" * 10_000, every=0.001)

    site.pages["/"] = endless
    assert refused(small, site.url()).rule == "too_large"


def test_endless_chunks_are_refused(small: PageFetcher, site: Site) -> None:
    def endless(connection: Any) -> None:
        connection.send(text(b"", content_length=None, transfer_encoding="chunked"))
        connection.forever(b"10\r\n" + b"x" * 16 + b"\r\n", every=0)

    site.pages["/"] = endless
    assert refused(small, site.url()).rule == "too_large"


@pytest.mark.long
@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_compression_bomb_is_refused_at_the_limit(
    site: Site, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    site.pages["/"] = text(bomb, content_encoding=encoding)
    assert refused(fetching(allow_loopback=True), site.url()).rule == "too_large"


def test_endless_bytes_after_the_compressed_page_are_refused(site: Site) -> None:
    def endless(connection: Any) -> None:
        connection.send(text(gzip.compress(b"x"), content_encoding="gzip", content_length=None))
        connection.forever(bytes(100_000), every=0.001)

    site.pages["/"] = endless
    assert refused(fetching(allow_loopback=True, max_bytes=10_000), site.url()).rule == "too_large"


def test_endless_headers_are_refused(small: PageFetcher, site: Site) -> None:
    def endless(connection: Any) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\n")
        connection.forever(b"X-More: " + b"x" * 10_000 + b"\r\n", every=0.001)

    site.pages["/"] = endless
    assert refused(small, site.url()).rule in {"unreachable", "too_large"}


# Answers


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/pdf", "application/json", "image/svg+xml", "text/css", "text/htmlx"),
        *("application/xml", "application/octet-stream", "text/html-not"),
    ],
)
def test_anything_but_html_and_plain_text_is_refused(
    fetcher: PageFetcher, site: Site, content_type: str | None
) -> None:
    site.pages["/"] = text(content_type=content_type)
    error = refused(fetcher, site.url())
    assert (error.rule, error.permanent) == ("content_type", True)


@pytest.mark.parametrize("content_type", [None, ";", "application/octet-stream", "*/*"])
def test_a_page_without_a_type_is_known_by_its_bytes(
    fetcher: PageFetcher, site: Site, content_type: str | None
) -> None:
    site.pages["/"] = response(b"\xef\xbb\xbf\n" + ARTICLE, content_type=content_type)
    assert fetcher.fetch(site.url()).title == "A good harvest"
    site.pages["/"] = response(b"%PDF-1.7 \0", content_type=content_type)
    assert refused(fetcher, site.url()).rule == "content_type"


def test_text_without_a_type_is_read_and_xhtml_may_call_itself_xml(
    fetcher: PageFetcher, site: Site
) -> None:
    site.pages["/"] = text(content_type=None)
    assert fetcher.fetch(site.url()).text == "Just text."
    prolog = b'<?xml version="1.0"?>\n<!-- x -->\n'
    site.pages["/"] = response(prolog + ARTICLE, content_type="application/xml")
    assert fetcher.fetch(site.url()).title == "A good harvest"
    site.pages["/"] = response(prolog + b"<rss><p>x</p></rss>", content_type="text/xml")
    assert refused(fetcher, site.url()).rule == "content_type"


def test_a_file_that_only_calls_itself_text_is_refused(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = text(b"\x7fELF\x02\x01\x01\0\0\0\0")
    assert refused(fetcher, site.url()).rule == "content_type"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd", "identity, gzip", "x"])
def test_compression_nobody_asked_for_is_refused(
    fetcher: PageFetcher, site: Site, encoding: str
) -> None:
    site.pages["/"] = text(content_encoding=encoding)
    assert refused(fetcher, site.url()).rule == "content_encoding"


def test_broken_compression_is_refused(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = text(b"not gzip", content_encoding="gzip")
    assert refused(fetcher, site.url()).rule == "content_encoding"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((status, True) for status in (400, 401, 403, 404, 410, 418, 451, 300, 304)),
        *((status, False) for status in (408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_client_errors_are_permanent_and_server_errors_are_not(
    fetcher: PageFetcher, site: Site, status: int, permanent: bool
) -> None:
    site.pages["/"] = text(b"" if status == 304 else b"No.", f"{status} Whatever")
    error = refused(fetcher, site.url())
    rule = "gone" if status == 410 else "status"
    assert (error.rule, error.permanent, error.retry_after) == (rule, permanent, None)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("status", "header", "low", "high"),
    [
        ("429 Wait", "120", 120, 120),
        ("503 Wait", " 7 ", 7, 7),
        ("503 Wait", "999999999", 86_400, 86_400),
        ("503 Wait", "Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
        ("503 Wait", "Sun, 06 Nov 1994 08:49:37 -0000", 0, 0),
    ],
)
def test_retry_after_is_passed_on(
    fetcher: PageFetcher, site: Site, status: str, header: str, low: float, high: float
) -> None:
    site.pages["/"] = text(status=status, retry_after=header)
    assert low <= (refused(fetcher, site.url()).retry_after or 0.0) <= high


def test_retry_after_may_be_a_date(fetcher: PageFetcher, site: Site) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    site.pages["/"] = text(status="503 Wait", retry_after=date)
    assert 580 <= (refused(fetcher, site.url()).retry_after or 0.0) <= 600


@pytest.mark.parametrize(
    ("status", "header"),
    [("503 Wait", "soon"), ("503 Wait", "-5"), ("503 Wait", "1e9"), ("404 Gone", "120")],
)
def test_a_senseless_retry_after_is_ignored(
    fetcher: PageFetcher, site: Site, status: str, header: str
) -> None:
    site.pages["/"] = text(status=status, retry_after=header)
    assert refused(fetcher, site.url()).retry_after is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(text(content_length="500"), id="shorter than its length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz",
            id="bad chunk",
        ),
    ],
)
def test_a_broken_answer_is_temporary(fetcher: PageFetcher, site: Site, answer: bytes) -> None:
    site.pages["/"] = answer
    error = refused(fetcher, site.url())
    assert (error.rule, error.permanent) == ("protocol", False)


@pytest.mark.parametrize(
    ("url", "rule", "permanent"),
    [
        ("http://127.0.0.1:{closed}/", "unreachable", False),
        ("http://10.0.0.1/", "address_not_public", True),
        ("http://a..b/", "host", True),
        ("http://1.1.1.1:25/", "port", True),
    ],
)
def test_what_is_not_reached_is_reported_as_an_error_of_the_page(
    fetcher: PageFetcher, url: str, rule: str, permanent: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    error = refused(fetcher, url.format(closed=closed))
    assert (error.rule, error.permanent) == (rule, permanent)


def test_an_answer_that_is_not_taken_after_a_redirect_says_so(
    fetcher: PageFetcher, site: Site
) -> None:
    site.pages["/"] = redirect("/gone")
    error = refused(fetcher, site.url())
    assert error.rule == "status"
    assert str(error).startswith("The page redirects to another address. There is no page")


def test_bytes_beyond_the_stated_length_are_ignored(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = text(b"Just text. And more.", content_length="10")
    assert fetcher.fetch(site.url()).text == "Just text."


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(text(b" \n \0 "), id="blank"),
        pytest.param(text(b""), id="empty"),
        pytest.param(response(b""), id="empty page"),
        pytest.param(response(b"<html><body><script>app()</script><img src=x>"), id="script"),
    ],
)
def test_a_page_without_text_is_refused(fetcher: PageFetcher, site: Site, answer: bytes) -> None:
    site.pages["/"] = answer
    error = refused(fetcher, site.url())
    assert error.permanent
    assert error.rule in {"no_text", "content_type"}


# The module


def test_importing_the_fetcher_loads_nothing_heavy() -> None:
    script = (
        "import sys, webapp.clients.web.fetcher; "
        "print(*({'flask', 'httpx2', 'httpcore2', 'lxml', 'trafilatura', 'psycopg'} "
        "& sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
