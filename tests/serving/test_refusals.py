"""Invalid or ambiguous requests get a clean response and never reach the app."""

from __future__ import annotations

import json
import logging

import pytest

from tests.processes import eventually
from tests.serving.conftest import get, lines, read_all
from webapp.serving.log import Log

GET = "GET / HTTP/1.1"
POST = "POST / HTTP/1.1"
HOST = "Host: localhost"
CHUNKED = "Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n"

REFUSED = {
    "no HTTP": (b"HELLO WORLD HEY\r\n", 400, "bad_request"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "bad_request"),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400, "bad_request"),
    "HTTP/1.2": (lines("GET / HTTP/1.2", HOST), 505, "http_version_not_supported"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"),
    "lines of another kind": (b"GET / HTTP/1.1\nHost: localhost\n\n", 400, "bad_request"),
    "a folded line": (lines(GET, HOST, "A: b", " c"), 400, "bad_request"),
    "a space before the colon": (lines(GET, "Host : x"), 400, "bad_request"),
    "a NUL": (lines(GET, HOST, "A: b\0c"), 400, "bad_request"),
    "a method in lower case": (lines("get / HTTP/1.1", HOST), 400, "bad_request"),
    "no host": (lines(GET), 400, "bad_request"),
    "two hosts": (lines(GET, HOST, HOST), 400, "bad_request"),
    "no host's name": (lines(GET, "Host: a b/c@d"), 400, "bad_request"),
    "half a host": (lines(GET, "Host: [::1"), 400, "bad_request"),
    "another host in the address": (lines("GET http://x/ HTTP/1.1", HOST), 400, "bad_request"),
    "another scheme": (lines("GET ftp://localhost/ HTTP/1.1", HOST), 400, "bad_request"),
    "no address": (lines("GET foo://[::1/ HTTP/1.1", HOST), 400, "bad_request"),
    "a tunnel": (lines("CONNECT localhost:443 HTTP/1.1", HOST), 400, "bad_request"),
    "a fragment": (lines("GET /#/admin HTTP/1.1", HOST), 400, "bad_request"),
    "two lengths": (
        lines(POST, HOST, "Content-Length: 2", "Content-Length: 2") + b"{}",
        400,
        "bad_request",
    ),
    "a list of lengths": (lines(POST, HOST, "Content-Length: 2, 2") + b"{}", 400, "bad_request"),
    "a signed length": (lines(POST, HOST, "Content-Length: +2") + b"{}", 400, "bad_request"),
    "length and chunks": (
        lines(POST, HOST, CHUNKED, "Content-Length: 5") + EMPTY,
        400,
        "bad_request",
    ),
    "chunks of HTTP/1.0": (lines("POST / HTTP/1.0", HOST, CHUNKED) + EMPTY, 400, "bad_request"),
    "chunks twice": (lines(POST, HOST, f"{CHUNKED}, chunked") + EMPTY, 400, "bad_request"),
    "chunks in the middle": (lines(POST, HOST, f"{CHUNKED}, gzip") + EMPTY, 400, "bad_request"),
    "identity and chunks": (
        lines(POST, HOST, "Transfer-Encoding: identity, chunked") + EMPTY,
        501,
        "transfer_coding_not_supported",
    ),
    "identity, then chunks": (
        lines(POST, HOST, "Transfer-Encoding: identity", CHUNKED) + EMPTY,
        501,
        "transfer_coding_not_supported",
    ),
    "compressed chunks": (
        lines(POST, HOST, "Transfer-Encoding: gzip, chunked") + EMPTY,
        501,
        "transfer_coding_not_supported",
    ),
    "chunks by another name": (
        lines(POST, HOST, "Transfer-Encoding: xchunked") + EMPTY,
        501,
        "transfer_coding_not_supported",
    ),
    "another expectation": (lines(GET, HOST, "Expect: tea"), 417, "expectation_failed"),
    "a long address": (lines(f"GET /{'a' * 9_000} HTTP/1.1", HOST), 414, "address_too_long"),
    "an endless address": (b"GET /" + b"a" * 70_000, 414, "address_too_long"),
    "a long header": (lines(GET, HOST, f"A: {'b' * 9_000}"), 431, "head_too_large"),
    "many headers": (lines(GET, HOST, *["A: b"] * 200), 431, "head_too_large"),
    "headers without an end": (lines(GET, HOST, *["A: b"] * 20_000)[:-2], 431, "head_too_large"),
}


class Recorder:
    """An app that remembers its requests."""

    def __init__(self):
        self.asked = []

    def __call__(self, environ, start_response):
        self.asked.append(environ)
        start_response("200 OK", [("Content-Length", "0")])
        return []


@pytest.fixture
def app():
    return Recorder()


@pytest.fixture
def site(serve, app):
    return serve(app)


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused_with_a_problem(site, app, logged, request_, status, code):
    answer = site.ask(request_)
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    for header in (b"Content-Type: application/problem+json", b"Connection: close"):
        assert header in head
    assert b"Cache-Control: no-store" in head
    assert (problem["status"], problem["code"]) == (status, code)
    assert b"X-Request-Id: " + problem["requestId"].encode() in head
    assert app.asked == []
    (line,) = logged
    assert (line["event"], line["status"], line["request_id"]) == (
        "refused",
        status,
        problem["requestId"],
    )
    assert len(str(line)) < 500


def test_nobody_but_the_operator_says_where_the_app_is(site, app):
    for header in ("SCRIPT_NAME: /public", "PATH_INFO: /metrics", "REMOTE_USER: root"):
        assert b" 200 " in site.ask(get("/public/metrics", header))
    for environ in app.asked:
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/public/metrics")
        assert not {"REMOTE_USER", "HTTP_REMOTE_USER", "HTTP_SCRIPT_NAME"} & environ.keys()


def test_headers_with_underscores_stand_for_no_other(site, app):
    underscored = ("X_Forwarded_For: 6.6.6.6", "Content_Length: 5", "X_Api_Key: stolen")
    assert b" 200 " in site.ask(get("/", *underscored))
    (environ,) = app.asked
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_X_API_KEY", "CONTENT_LENGTH"} & environ.keys()


def test_what_proxies_would_say_of_the_scheme_is_contradicted_by_nobody(site, app):
    assert b" 200 " in site.ask(get("/", "X-Forwarded-Proto: https", "X-Forwarded-Ssl: off"))
    assert app.asked[0]["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(
    "request_",
    [
        lines("GET http://localhost/path?q=1 HTTP/1.1", HOST, "Connection: close"),
        lines("GET /path?q=1 HTTP/1.0"),
        lines("GET /path?q=1 HTTP/1.1", "Host: [::1]:8080", "Connection: close"),
        lines("GET /path?q=1 HTTP/1.1", "Host:", "Connection: close"),
        b"\r\n" + get("/path?q=1"),
    ],
)
def test_odd_but_allowed_requests_are_answered(site, app, request_):
    assert b" 200 " in site.ask(request_)
    assert (app.asked[0]["PATH_INFO"], app.asked[0]["QUERY_STRING"]) == ("/path", "q=1")


def test_an_app_that_fails_is_a_problem_of_ours(serve, logged):
    def broken(environ, start_response):
        raise RuntimeError("secret")

    with serve(broken).connect(get()) as conn:
        answer = read_all(conn)
    assert answer.startswith(b"HTTP/1.1 500")
    assert b'"code":"internal_error"' in answer
    assert b"secret" not in answer
    assert [line["event"] for line in logged] == ["internal_error"]


def test_an_answer_that_fails_in_the_middle_is_cut_off(serve, logged):
    def broken(environ, start_response):
        start_response("200 OK", [("Content-Length", "100")])
        yield b"x"
        raise RuntimeError("secret")

    site = serve(broken)
    with site.connect(get()) as conn:
        answer = read_all(conn)
    assert answer.endswith(b"\r\n\r\nx")
    eventually(lambda: site.worker.nr_conns == 0)


def test_what_gunicorn_says_is_a_line_of_our_log(serve, caplog):
    log = Log(serve(Recorder()).worker.cfg)
    with caplog.at_level(logging.WARNING):
        log.warning("Worker (pid:%s) was sent SIG%s!", 17, "KILL")
    assert caplog.messages == ["Worker (pid:17) was sent SIGKILL!"]
    assert logging.getLogger("gunicorn.error").handlers == []
