import gzip
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients.pages import Site, dns, redirect, response
from webapp.clients.address import check_url, is_public
from webapp.clients.web import FetchError, Page, PageFetcher

PUBLIC = "93.184.215.14"
PRIVATE = "10.1.2.3"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture(scope="module")
def fetcher() -> PageFetcher:
    return fetching(allow_loopback=True, timeout=3)


# Reading the system's certificates takes longer than most of these tests.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def fetching(**options: Any) -> PageFetcher:
    return PageFetcher(**{"ssl_context": NO_CERTIFICATES, **options})


def refused(fetcher: PageFetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url)
    return caught.value


def text(body: bytes = b"Just text.", status: str = "200 OK", **headers: str | None) -> bytes:
    """Plain text, which needs no parser: most rules are about what comes before one."""
    return response(body, status, **{"content_type": "text/plain", **headers})


def untouchable(*_: object, **__: object) -> Any:
    pytest.fail("nothing may be looked up or connected to")


# What is fetched


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
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
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


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255"),
        *("100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
        *("192.168.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16"),
        *(
            "::",
            "::1",
            "::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
        ),
        *("ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:2::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
        *(
            "2002:7f00:1::",
            "2002:0a00:0001::1",
            "2002:c0a8:101::",
            "2001:0:4136:e378:8000:63bf:1:2",
        ),
        *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254"),
        *("64:ff9b:1::127.0.0.1", "64:ff9b:1:7f00:0:100::", "64:ff9b:1::8.8.8.8"),
        *("::ffff:8.8.8.8%1", "", "example.com", "8.8.8"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)
    fetcher = fetching(resolve=dns(address), connect=untouchable)
    error = refused(fetcher, "http://inside.example/")
    assert (error.rule, error.permanent) == ("address_not_public", True)
    assert not address or address not in str(error)


@pytest.mark.parametrize(
    "address",
    [
        *(PUBLIC, "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
        *("223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"),
        *("64:ff9b::8.8.8.8", "2002:808:808::1"),
    ],
)
def test_a_public_address_is_connected_to(address: str, site: Site) -> None:
    site.pages["/"] = text()
    connected: list[tuple[str, int]] = []

    def connect(where: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(where)
        return site.connect(where, timeout)

    fetcher = fetching(resolve=dns(address), connect=connect)
    assert fetcher.fetch("http://news.example:8080/").text == "Just text."
    assert connected == [(address, 8080)]
    assert "\r\nhost: news.example:8080\r\n" in site.requests[0].lower()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]"])
def test_an_address_in_the_url_is_judged_without_a_look_up(host: str) -> None:
    fetcher = fetching(resolve=untouchable, connect=untouchable)
    assert refused(fetcher, f"http://{host}/").rule == "address_not_public"


def test_localhost_is_refused_by_its_address() -> None:
    assert refused(fetching(connect=untouchable), "http://localhost/").rule == "address_not_public"


@pytest.mark.parametrize(
    "address",
    [PRIVATE, "169.254.169.254", "0.0.0.0", "::", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"],
)
def test_allowing_loopback_allows_nothing_else(address: str) -> None:
    assert is_public("127.0.0.1", allow_loopback=True)
    assert is_public("::1", allow_loopback=True)
    fetcher = fetching(allow_loopback=True, resolve=dns(address), connect=untouchable)
    assert refused(fetcher, "http://inside.example/").rule == "address_not_public"


@pytest.mark.parametrize("addresses", [[PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "::1"]])
def test_one_private_address_among_public_ones_refuses_them_all(addresses: list[str]) -> None:
    fetcher = fetching(resolve=dns(addresses), connect=untouchable)
    assert refused(fetcher, "http://mixed.example/").rule == "address_not_public"


def test_a_name_is_looked_up_once_so_it_cannot_change_before_the_connection(site: Site) -> None:
    site.pages["/"] = text()
    connected: list[str] = []

    def connect(where: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(where[0])
        return site.connect(where, timeout)

    # The second answer, loopback, would come if anybody asked a second time.
    fetcher = fetching(resolve=dns(PUBLIC, "127.0.0.1"), connect=connect)
    fetcher.fetch("http://rebinding.example/")
    assert connected == [PUBLIC]


def test_a_name_that_changes_for_the_redirect_is_refused(site: Site) -> None:
    site.pages["/"] = redirect("/again")
    fetcher = fetching(resolve=dns(PUBLIC, "127.0.0.1"), connect=site.connect)
    assert refused(fetcher, "http://rebinding.example/").rule == "address_not_public"
    assert len(site.requests) == 1


def test_the_next_address_is_tried_when_one_does_not_answer(site: Site) -> None:
    site.pages["/"] = text()

    def connect(where: tuple[str, int], timeout: float) -> socket.socket:
        if where[0] != PUBLIC:
            raise ConnectionRefusedError
        return site.connect(where, timeout)

    fetcher = fetching(resolve=dns(["2606:4700::1111", PUBLIC]), connect=connect)
    assert fetcher.fetch("http://news.example/").text == "Just text."


@pytest.mark.parametrize(
    ("failure", "rule", "permanent"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "name_not_found", True),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "unreachable", False),
        (socket.gaierror(socket.EAI_FAIL, "failed"), "unreachable", False),
        (UnicodeError("label too long"), "unreachable", False),
    ],
)
def test_an_unknown_name_is_permanent_and_a_failing_look_up_is_not(
    failure: Exception, rule: str, permanent: bool
) -> None:
    def resolve(*_: object, **__: object) -> Any:
        raise failure

    error = refused(fetching(resolve=resolve), "http://nowhere.example/")
    assert (error.rule, error.permanent) == (rule, permanent)


def test_a_closed_port_is_temporary(fetcher: PageFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = refused(fetcher, f"http://127.0.0.1:{port}/")
    assert (error.rule, error.permanent) == ("unreachable", False)


# URLs


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("", "scheme"),
        ("example.com/page", "scheme"),
        ("/page", "scheme"),
        ("//example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("gopher://example.com/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/html,hi", "scheme"),
        ("http:example.com", "scheme"),
        ("ws://example.com/", "scheme"),
        ("http://user:secret@example.com/", "credentials"),
        ("http://user@example.com/", "credentials"),
        ("http://@example.com/", "credentials"),
        ("http://example.com\\@127.0.0.1/", "credentials"),
        ("http://example.com/" + "a" * 2030, "url_too_long"),
        ("http:///page", "host"),
        ("http://", "host"),
        ("http://:80/", "host"),
        ("http://2130706433/", "host"),
        ("http://0x7f000001/", "host"),
        ("http://0x7f.1/", "host"),
        ("http://0177.0.0.1/", "host"),
        ("http://017700000001/", "host"),
        ("http://127.1/", "host"),
        ("http://127.0.0.0x1/", "host"),
        ("http://127.0.0.1.2/", "host"),
        ("http://256.1.1.1/", "host"),
        ("http://127.0.0.1./", "host"),
        ("http://example.com./", "host"),
        ("http://example..com/", "host"),
        ("http://-example.com/", "host"),
        ("http://exa mple.com/", "host"),
        ("http://example.com\\evil/", "host"),
        ("http://%31%32%37.0.0.1/", "host"),
        ("http://" + "a" * 64 + ".com/", "host"),
        ("http://" + "a." * 130 + "com/", "host"),
        ("http://bücher.example/", "host"),
        ("http://１２７.０.０.１/", "host"),
        ("http://ⓛocalhost/", "host"),
        ("http://127。0。0。1/", "host"),
        ("http://[::1%25lo]/", "host"),
        ("http://[fe80::1%eth0]/", "host"),
        ("http://[127.0.0.1]/", "host"),
        ("http://[]/", "host"),
        ("http://[::1]evil/", "url"),
        ("http://[::1/", "url"),
        ("http://example.com:0/", "url"),
        ("http://example.com:65536/", "url"),
        ("http://example.com:8a/", "url"),
        ("http://example.com:+80/", "url"),
        ("http://example.com:80:80/", "url"),
        ("http://example.com/\r\nX-Evil: 1", "url"),
        ("http://example.com/\0", "url"),
        ("http://::1/", "url"),
    ],
)
def test_a_url_that_is_not_plainly_a_web_address_is_refused(url: str, rule: str) -> None:
    fetcher = fetching(allow_loopback=True, resolve=untouchable, connect=untouchable)
    error = refused(fetcher, url)
    assert (error.rule, error.permanent) == (rule, True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://News.Example/A", "http://news.example/A"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://a_b.example:8080/?q=ü", "http://a_b.example:8080/?q=%C3%BC"),
        ("http://1.1.1.1/", "http://1.1.1.1/"),
        ("http://3com.example/x@y", "http://3com.example/x@y"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        ("http://[2606:4700::ABCD]:81/", "http://[2606:4700::ABCD]:81/"),
    ],
)
def test_ordinary_addresses_are_taken(url: str, expected: str) -> None:
    assert str(check_url(url)) == expected


def test_a_host_in_other_letters_is_told_how_to_write_it() -> None:
    error = refused(fetching(resolve=untouchable), "http://bücher.example/")
    assert "xn--bcher-kva.example" in str(error)


# Redirects


def test_redirects_are_followed_to_where_the_page_is(fetcher: PageFetcher, site: Site) -> None:
    for n, status in enumerate(["301 A", "302 B", "303 C", "307 D", "308 E"]):
        site.pages[f"/{n}"] = redirect(f"/{n + 1}", status)
    site.pages["/5"] = text()
    page = fetcher.fetch(site.url("/0"))
    assert (page.url, page.text) == (site.url("/5"), "Just text.")


def test_a_sixth_redirect_is_refused(fetcher: PageFetcher, site: Site) -> None:
    for n in range(6):
        site.pages[f"/{n}"] = redirect(site.url(f"/{n + 1}"))
    error = refused(fetcher, site.url("/0"))
    assert (error.rule, error.permanent) == ("too_many_redirects", True)
    assert len(site.requests) == 6


def test_a_redirect_in_a_circle_ends(fetcher: PageFetcher, site: Site) -> None:
    site.pages["/"] = redirect("/")
    assert refused(fetcher, site.url()).rule == "too_many_redirects"


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("http://127.0.0.1/", "address_not_public"),
        ("http://[::1]/", "address_not_public"),
        ("http://10.0.0.1/", "address_not_public"),
        ("//169.254.169.254/latest/meta-data/", "address_not_public"),
        ("http://[::ffff:127.0.0.1]/", "address_not_public"),
        ("http://2130706433/", "host"),
        ("http://b\u00fccher.example/", "host"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://news.example/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://user:secret@news.example/", "credentials"),
        ("/" + "a" * 3000, "url_too_long"),
        ("http://[", "redirect"),
        ("http://]/", "redirect"),
        ("http://news.example:99999/", "url"),
        ("", "redirect"),
        (" ", "redirect"),
        (None, "redirect"),
    ],
)
def test_a_redirect_is_judged_like_an_address_of_the_user(
    site: Site, location: str | None, rule: str
) -> None:
    site.pages["/"] = redirect(location)
    fetcher = fetching(resolve=dns(PUBLIC), connect=site.connect)
    error = refused(fetcher, "http://news.example/")
    assert (error.rule, error.permanent) == (rule, True)
    assert "redirects" in str(error)
    assert len(site.requests) == 1


def test_a_redirect_to_a_name_with_a_private_address_is_refused(site: Site) -> None:
    site.pages["/"] = redirect("http://intranet.example/secret")
    fetcher = fetching(resolve=dns(PUBLIC, PRIVATE), connect=site.connect)
    error = refused(fetcher, "http://news.example/")
    assert error.rule == "address_not_public"
    assert "intranet" not in str(error)
    assert PRIVATE not in str(error)


# Time


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="silence"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", id="body"),
    ],
)
def test_a_server_that_drips_does_not_outlast_the_limit(site: Site, start: bytes) -> None:
    def drip(connection: Any) -> None:
        connection.send(start)
        connection.forever(b"x" if start else b"", every=0.02)

    site.pages["/"] = drip
    began = time.monotonic()
    error = refused(fetching(allow_loopback=True, timeout=0.15), site.url())
    assert (error.rule, error.permanent) == ("timeout", False)
    assert time.monotonic() - began < 1.5


def test_the_limit_is_for_all_redirects_together(site: Site) -> None:
    def slowly(connection: Any) -> None:
        time.sleep(0.1)
        connection.send(redirect("/"))

    site.pages["/"] = slowly
    began = time.monotonic()
    assert refused(fetching(allow_loopback=True, timeout=0.15), site.url()).rule == "timeout"
    assert time.monotonic() - began < 1.5


def test_endless_interim_answers_do_not_outlast_the_limit(site: Site) -> None:
    site.pages["/"] = lambda connection: connection.forever(
        b"HTTP/1.1 103 Early Hints\r\n\r\n", every=0.01
    )
    assert refused(fetching(allow_loopback=True, timeout=0.15), site.url()).rule == "timeout"


def test_a_slow_look_up_does_not_outlast_the_limit() -> None:
    release = threading.Event()

    def resolve(*_: object, **__: object) -> Any:
        release.wait(5)
        return []

    began = time.monotonic()
    error = refused(fetching(resolve=resolve, timeout=0.15), "http://slow.example/")
    assert (error.rule, error.permanent) == ("timeout", False)
    assert time.monotonic() - began < 1.5
    release.set()


def test_a_host_that_does_not_accept_does_not_outlast_the_limit() -> None:
    def connect(_: object, timeout: float) -> Any:
        time.sleep(timeout)
        raise TimeoutError

    fetcher = fetching(resolve=dns([PUBLIC, "1.1.1.1"]), connect=connect, timeout=0.15)
    began = time.monotonic()
    assert refused(fetcher, "http://silent.example/").rule == "timeout"
    assert time.monotonic() - began < 1.5


def test_a_silent_tls_handshake_does_not_outlast_the_limit(site: Site) -> None:
    fetcher = fetching(allow_loopback=True, timeout=0.15)
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = refused(fetcher, f"https://127.0.0.1:{server.getsockname()[1]}/")
    assert error.rule == "timeout"


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
    assert refused(small, site.url()).rule in {"protocol", "too_large"}


# Answers


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/pdf", "application/json", "image/svg+xml", "text/css", "text/htmlx"),
        *("application/xml", "application/octet-stream", "text/html-not", ";", None),
    ],
)
def test_anything_but_html_and_plain_text_is_refused(
    fetcher: PageFetcher, site: Site, content_type: str | None
) -> None:
    site.pages["/"] = text(content_type=content_type)
    error = refused(fetcher, site.url())
    assert (error.rule, error.permanent) == ("content_type", True)


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
    assert (error.rule, error.permanent, error.retry_after) == ("status", permanent, None)
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
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="negative length"),
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


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for secure.example, signed by nobody but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    pem = tmp_path_factory.mktemp("tls") / "both.pem"
    subject = "-subj /CN=secure.example -addext subjectAltName=DNS:secure.example".split()
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1".split()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", *curve, *subject),
            *("-keyout", pem, "-out", pem.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    pem.write_bytes(pem.read_bytes() + pem.with_suffix(".crt").read_bytes())
    return pem


@pytest.fixture
def secure(certificate: Path) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Site(context) as site:
        site.pages["/"] = text(b"Safely.")
        context.sni_callback = lambda _, name, __: site.requests.append(f"SNI {name}")
        yield site


def test_a_self_signed_certificate_is_refused(secure: Site) -> None:
    fetcher = PageFetcher(resolve=dns(PUBLIC), connect=secure.connect)
    error = refused(fetcher, "https://secure.example/")
    assert (error.rule, error.permanent) == ("certificate", True)
    assert "self-signed" in str(error)


def test_the_name_and_not_the_address_is_what_tls_and_the_server_see(
    secure: Site, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
    fetcher = fetching(resolve=dns(PUBLIC), connect=secure.connect, ssl_context=trusting)
    assert fetcher.fetch("https://secure.example/").text == "Safely."
    assert secure.requests[0] == "SNI secure.example"
    assert "\r\nhost: secure.example\r\n" in secure.requests[1].lower()


def test_a_certificate_for_another_name_is_refused(secure: Site, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
    fetcher = fetching(resolve=dns(PUBLIC), connect=secure.connect, ssl_context=trusting)
    error = refused(fetcher, "https://other.example/")
    assert (error.rule, error.permanent) == ("certificate", True)


def test_a_server_without_tls_is_temporary(fetcher: PageFetcher) -> None:
    def babble(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=babble, args=(server,))
        thread.start()
        error = refused(fetcher, f"https://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert (error.rule, error.permanent) == ("tls", False)


# The module


def test_importing_the_fetcher_loads_nothing_heavy() -> None:
    script = (
        "import sys, webapp.clients.web; "
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
