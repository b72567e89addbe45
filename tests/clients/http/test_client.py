"""Calls over HTTP: what is sent, what comes back, and in what time."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.clients.site import Site, response, text
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.client import HttpClient
from webapp.clients.http.connection import connect
from webapp.clients.http.contract import CallError


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the body it was sent, over connections that stay open."""

    protocol_version = "HTTP/1.1"
    connections: list[Any]

    def setup(self) -> None:
        super().setup()
        self.server.connections.append(self.client_address)  # type: ignore[attr-defined]

    def do_PUT(self) -> None:
        if self.headers["Transfer-Encoding"] == "chunked":
            body, how = self._chunks(), b"chunked"
        else:
            body, how = self.rfile.read(int(self.headers["Content-Length"])), b"plain"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-How", how.decode())
        self.end_headers()
        self.wfile.write(body)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        pass


class EchoServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Nothing is printed: a client that breaks off is what some of the tests are about."""


@contextmanager
def echo() -> Iterator[Any]:
    server = EchoServer(("127.0.0.1", 0), Echo)
    server.connections = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


def failed(act: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        act()
    return caught.value


def test_a_body_goes_whole_or_in_pieces(client: HttpClient) -> None:
    with echo() as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        whole = client.call("PUT", url, Allowance(5), content=b"abc" * 100_000)
        pieces = client.call("PUT", url, Allowance(5), content=iter([b"ab", b"c"]))
        sized = client.call(
            "PUT", url, Allowance(5), content=iter([b"ab", b"c"]), headers={"Content-Length": "3"}
        )
        client.close()
    assert (whole.headers["x-how"], whole.body) == ("plain", b"abc" * 100_000)
    assert (pieces.headers["X-How"], pieces.body) == ("chunked", b"abc")
    assert (sized.headers["X-How"], sized.body) == ("plain", b"abc")


def test_the_pieces_of_a_request_do_not_wait_for_each_other() -> None:
    with echo() as server:
        connected = connect("127.0.0.1", server.server_port, Allowance(5))
        with connected:
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_connection_is_kept_for_the_next_call_and_each_has_an_allowance_of_its_own(
    client: HttpClient,
) -> None:
    with echo() as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        client.call("PUT", url, Allowance(5), content=b"a")
        error = failed(lambda: client.call("PUT", url, Allowance(-1), content=b"b"))
        client.call("PUT", url, Allowance(5), content=b"c")
        assert len(server.connections) <= 2
        client.call("PUT", url, Allowance(5), content=b"d")
        assert len(server.connections) <= 2
        client.close()
    assert error.rule == "timeout"


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used(
    client: HttpClient, site: Site
) -> None:
    site.pages["/"] = text(connection=None)  # and it hangs up without having announced that
    for _ in range(3):
        assert client.call("GET", site.url(), Allowance(5)).body == b"Just text."
        site.ended.get(timeout=60)


def test_what_one_call_receives_another_can_send(client: HttpClient, site: Site) -> None:
    site.pages["/"] = text(b"x" * 300_000)
    with echo() as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        with client.stream("GET", site.url(), Allowance(5)) as source:
            answer = client.call("PUT", url, Allowance(5), content=source.iter_raw())
        client.close()
    assert answer.body == b"x" * 300_000


def test_a_source_that_breaks_off_is_reported_as_such(client: HttpClient, site: Site) -> None:
    site.pages["/"] = text(content_length="500")
    with echo() as server, client.stream("GET", site.url(), Allowance(5)) as source:
        url = f"http://127.0.0.1:{server.server_port}/"
        error = failed(lambda: client.call("PUT", url, Allowance(5), content=source.iter_raw()))
        client.close()
    assert (error.rule, error.what) == (
        "protocol",
        "closed the connection early, or did not speak valid HTTP",
    )


def test_no_redirect_is_followed_no_cookie_kept_and_no_proxy_asked(
    client: HttpClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    site.pages["/"] = response(b"", "302 Found", location="/in", set_cookie="seen=1; Path=/")
    for _ in range(2):
        assert client.call("GET", site.url(), Allowance(5)).status == 302
    assert len(site.requests) == 2
    assert "cookie" not in site.requests[1].lower()


def test_requests_say_honestly_who_asks(client: HttpClient, site: Site) -> None:
    site.pages["/"] = text()
    client.call("GET", site.url(), Allowance(5), headers={"X-One": "1"})
    request = site.requests[0].lower()
    assert "\r\nuser-agent: coffer" in request
    assert "\r\naccept-encoding: identity\r\n" in request
    assert "\r\nx-one: 1\r\n" in request


def test_an_answer_may_have_the_size_it_is_allowed_and_no_more(
    client: HttpClient, site: Site
) -> None:
    site.pages["/"] = text(b"x" * 2000)
    assert len(client.call("GET", site.url(), Allowance(5), most=2000).body) == 2000
    error = failed(lambda: client.call("GET", site.url(), Allowance(5), most=1999))
    assert (error.rule, error.what) == ("too_large", "sent more than 0.001999 MB")


def test_bytes_on_the_wire_are_counted_whatever_they_are(client: HttpClient, site: Site) -> None:
    site.pages["/"] = lambda connection: connection.forever(
        b"HTTP/1.1 103 Early Hints\r\n\r\n", every=0
    )
    allowance = Allowance(30, wire_bytes=10_000)
    assert failed(lambda: client.call("GET", site.url(), allowance)).rule == "too_large"


@pytest.mark.parametrize(
    ("answer", "body"),
    [(b'{"a": 1}', {"a": 1}), (b"nonsense", None), (b"[" * 100_000, None), (b"\xff", None)],
)
def test_json_is_decoded_where_it_is_some(
    client: HttpClient, site: Site, answer: bytes, body: object
) -> None:
    site.pages["/"] = text(answer)
    assert client.call("GET", site.url(), Allowance(5)).json() == body


def test_a_transfer_that_stands_still_is_left_long_before_all_its_time_is_up(
    client: HttpClient, site: Site
) -> None:
    site.pages["/"] = lambda connection: connection.keep_silent()
    began = time.monotonic()
    error = failed(lambda: client.call("GET", site.url(), Allowance(600, step=0.1)))
    assert error.rule == "timeout"
    assert time.monotonic() - began < 60


def test_a_server_that_does_not_read_on_is_left(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        endless = (bytes(1 << 16) for _ in iter(int, 1))
        error = failed(lambda: client.call("PUT", url, Allowance(0.3), content=endless))
    assert error.rule == "timeout"


def test_a_name_nobody_has_and_a_port_nobody_listens_at_cannot_be_reached(
    client: HttpClient,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = failed(lambda: client.call("GET", f"http://127.0.0.1:{port}/", Allowance(5)))
    assert error.what == "cannot be reached (ConnectionRefusedError)"
    error = failed(lambda: client.call("GET", "http://nobody.invalid/", Allowance(20)))
    assert error.rule == "unreachable"
