"""How much of a request has arrived (webapp/serving/arrival.py)."""

from __future__ import annotations

import pytest

from webapp.serving.arrival import Arrival, Stage
from webapp.serving.bounds import Bounds

BOUNDS = Bounds(head_bytes=1000, body_bytes=100)

WHOLE = {
    "without a body": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "without headers": b"GET / HTTP/1.0\r\n\r\n",
    "with a length": b"POST / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH:  5 \r\n\r\nhello",
    "with an empty body": b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "in chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5\r\nhello\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n',
    "in no chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "with trailers": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n",
    "after an empty line": b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


def stage_of(*parts):
    arrival = Arrival(BOUNDS)
    for part in parts:
        arrival.data += part
        stage = arrival.stage()
    return stage


@pytest.mark.parametrize("request_", WHOLE.values(), ids=WHOLE)
def test_a_request_is_whole_at_its_last_byte_and_not_before(request_):
    arrival = Arrival(BOUNDS)
    for at in range(len(request_) - 1):
        arrival.data += request_[at : at + 1]
        assert arrival.stage() in (Stage.HEAD, Stage.BODY), request_[: at + 1]
    arrival.data += request_[-1:]
    assert arrival.stage() is Stage.WHOLE
    for at in range(1, len(request_)):
        assert stage_of(request_[:at], request_[at:]) is Stage.WHOLE
    assert stage_of(request_ + b"GET /next HTTP/1.1\r\n") is Stage.WHOLE


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20,
    ],
)
def test_a_body_that_is_longer_than_is_waited_for_is_an_upload(request_):
    assert stage_of(request_) is Stage.UPLOAD


@pytest.mark.parametrize(
    "request_",
    [
        b"HELLO WORLD HEY\r\n",
        b"GET /\r\n",
        b"GET / HTTP/1.1\nHost: x\n",
        b"GET / HTTP/1.1\r\nHost: x\nA: b",
        b"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
    ],
)
def test_nobody_waits_for_the_rest_of_what_is_wrong(request_):
    assert stage_of(request_) is Stage.WHOLE


def test_a_head_without_an_end_is_huge():
    assert stage_of(b"GET / HTTP/1.1\r\n", b"A: b\r\n" * 200) is Stage.HUGE_HEAD
    assert stage_of(b"GET /" + b"a" * 1000) is Stage.HUGE_HEAD
    assert stage_of(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n") is Stage.HUGE_HEAD


@pytest.mark.parametrize(
    ("headers", "proxies", "caller"),
    [
        (b"Authorization: Bearer abc\r\n", 0, b"bearer abc"),
        (b"x-api-key: abc\r\nX-Forwarded-For: 1.2.3.4\r\n", 1, b"abc"),
        (b"X-Forwarded-For: 1.2.3.4\r\n", 0, None),
        (b"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n", 1, b"1.2.3.4"),
        (b"X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.1\r\n", 2, b"1.2.3.4"),
        (b"X-Forwarded-For: 1.2.3.4\r\n", 2, None),
        (b"", 1, None),
    ],
)
def test_callers_are_told_apart_by_credential_or_else_by_address(headers, proxies, caller):
    arrival = Arrival(BOUNDS, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    assert arrival.stage() is Stage.WHOLE
    assert arrival.caller(proxies) == caller


def test_what_has_come_is_taken_head_first():
    arrival = Arrival(BOUNDS, WHOLE["with a length"] + b"GET")
    arrival.stage()
    head, body = arrival.take()
    assert head.endswith(b"\r\n\r\n")
    assert body == b"helloGET"
    assert not arrival.data
