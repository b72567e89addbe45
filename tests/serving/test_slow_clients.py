"""Clients that are slow, or do nothing, stop nobody else (webapp/serving/)."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.processes import eventually
from tests.serving.conftest import echo, get, hello, lines, read_all, read_answer
from webapp.serving.bounds import Bounds, Pace

STALLED = lines("POST / HTTP/1.1", "Host: localhost", "Content-Length: 100") + b"x"
SLOW_HEAD = b"GET / HTTP/1.1\r\nHost: local"
UPLOAD = Bounds().body_bytes + 1


def post(length, *headers):
    return lines("POST / HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *headers)


def is_answered_at_once(site):
    began = time.monotonic()
    answer = site.ask(get())
    return answer.startswith(b"HTTP/1.1 200") and time.monotonic() - began < 5


@pytest.mark.parametrize("sent", [b"", SLOW_HEAD, STALLED], ids=["nothing", "heads", "bodies"])
def test_clients_that_stop_in_the_middle_hold_no_thread(serve, many, sent):
    site = serve(hello, threads=2)
    many(site, 60, sent)
    assert is_answered_at_once(site)


@pytest.mark.long
def test_a_head_that_does_not_come_in_time_is_408(serve):
    site = serve(hello, head_seconds=0.2)
    answer = site.ask(SLOW_HEAD)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"request_timeout"' in answer


@pytest.mark.long
def test_a_head_that_trickles_is_ended_in_time_as_well(serve):
    site = serve(hello, head_seconds=0.3)
    with site.connect(b"GET / HTTP/1.1\r\n") as conn:
        conn.settimeout(0.02)
        began = time.monotonic()
        answer = b""
        while not answer:
            assert time.monotonic() - began < 10
            conn.sendall(b"A: b\r\n")
            try:
                answer = conn.recv(1000)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.long
def test_who_says_nothing_is_told_nothing(serve):
    site = serve(hello, head_seconds=0.2)
    assert site.ask(b"") == b""


@pytest.mark.long
def test_a_body_that_does_not_come_in_time_is_408(serve):
    site = serve(hello, grace_seconds=0.2)
    answer = site.ask(STALLED)
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.long
@pytest.mark.parametrize("length", [3_000, UPLOAD])
def test_a_body_that_comes_in_pieces_is_received(serve, length):
    site = serve(echo)
    with site.connect(post(length, "Connection: close")) as conn:
        conn.sendall(b"x" * (length - 3_000))
        for _ in range(30):
            conn.sendall(b"x" * 100)
            time.sleep(0.01)
        _, body, _ = read_answer(conn)
    assert body == str(length).encode()


def test_a_deadline_moves_on_with_what_is_moved_and_never_far_ahead(monkeypatch):
    now = 100.0
    monkeypatch.setattr("webapp.serving.bounds.time.monotonic", lambda: now)
    pace = Pace(Bounds(grace_seconds=20, bytes_a_second=1_000))
    assert pace.deadline == 120
    for _ in range(100):  # twice as fast as required, for longer than anybody may be silent
        now += 1
        pace.moved(2_000)
        assert pace.deadline == now + 20
    for _ in range(100):  # just fast enough
        now += 1
        pace.moved(1_000)
        assert pace.deadline == now + 20
    for _ in range(39):  # half as fast
        now += 1
        pace.moved(500)
        assert pace.deadline > now
    now += 1
    pace.moved(500)
    assert pace.deadline == now


@pytest.mark.long
def test_an_upload_that_is_too_slow_is_reported_to_its_reader(serve):
    site = serve(echo, grace_seconds=0.2)
    assert site.ask(post(UPLOAD) + b"x" * 5_000).endswith(b"too slow")


@pytest.mark.long
def test_nobody_saves_up_time_by_sending_quickly_first(serve):
    site = serve(echo, grace_seconds=0.2, bytes_a_second=1.0)
    began = time.monotonic()
    assert site.ask(post(UPLOAD) + b"x" * (UPLOAD - 1)).endswith(b"too slow")
    assert time.monotonic() - began < 5


def test_uploads_hold_no_thread_of_others(serve, many):
    site = serve(echo, threads=2)
    many(site, 30, post(UPLOAD) + b"x" * 5_000)
    assert is_answered_at_once(site)


def test_one_caller_has_few_threads_for_uploads(serve, many):
    site = serve(echo, uploads_of_caller=2, upload_threads=4)
    many(site, 20, post(UPLOAD, "Authorization: Bearer mallory"))
    with site.connect(post(UPLOAD, "Authorization: Bearer ana") + b"x" * UPLOAD) as conn:
        _, body, _ = read_answer(conn)
    assert body == str(UPLOAD).encode()


def huge(environ, start_response):
    """An app whose answer to /huge is more than the system buffers if a client does not read."""
    if environ["PATH_INFO"] != "/huge":
        return hello(environ, start_response)
    start_response("200 OK", [("Content-Length", "6000000")])
    return [b"x" * 6_000_000]


def endless(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter(lambda: b"x" * 65_536, b"")


ASKS_FOR_HUGE = lines("GET /huge HTTP/1.1", "Host: localhost")


@pytest.mark.long
def test_clients_that_do_not_read_their_answer_hold_no_thread(serve, many):
    site = serve(huge, threads=2, unsent_bytes=8_000_000, kept_bytes=100_000_000)
    for conn in many(site, 10, ASKS_FOR_HUGE, window=4_096):
        assert conn.recv(12) == b"HTTP/1.1 200"
    assert is_answered_at_once(site)


@pytest.mark.long
def test_who_reads_late_gets_all_of_it_and_can_ask_again(serve):
    site = serve(huge, unsent_bytes=8_000_000)
    with site.connect(ASKS_FOR_HUGE, window=65_536) as conn:
        for _ in range(2):
            eventually(lambda: site.worker.kept > 0)
            _, body, rest = read_answer(conn)
            assert (len(body), rest) == (6_000_000, b"")
            conn.sendall(ASKS_FOR_HUGE)


@pytest.mark.long
@pytest.mark.parametrize(("app", "most"), [(endless, 10_000), (huge, 8_000_000)])
def test_who_takes_nothing_of_an_answer_is_let_go(serve, app, most):
    site = serve(app, grace_seconds=0.2, unsent_bytes=most)
    with site.connect(ASKS_FOR_HUGE, window=4_096) as conn:
        assert conn.recv(12) == b"HTTP/1.1 200"
        eventually(lambda: site.worker.nr_conns == 0)


def test_clients_that_do_not_close_stop_nobody(serve, many):
    site = serve(hello, farewell_seconds=30)
    for conn in many(site, 20, get()):
        assert read_answer(conn)[1] == b"hello"
    assert is_answered_at_once(site)
    for conn in many(site, 1, b"\0\r\n\r\n"):
        assert conn.recv(12) == b"HTTP/1.1 400"


def test_of_an_address_that_has_too_many_the_longest_waiting_is_let_go(serve, many):
    site = serve(hello, of_address=20)
    slow = many(site, 20, SLOW_HEAD)
    eventually(lambda: site.worker.nr_conns == 20)
    many(site, 1, SLOW_HEAD)
    assert read_all(slow[0]).startswith(b"HTTP/1.1 408")
    assert is_answered_at_once(site)
    slow[-1].sendall(b"host\r\nConnection: close\r\n\r\n")
    assert read_all(slow[-1]).startswith(b"HTTP/1.1 200")


@pytest.mark.long
def test_idle_connections_are_not_counted_and_behind_a_proxy_none_is(serve, many):
    site = serve(hello, of_address=5)
    asked = lines("GET / HTTP/1.1", "Host: localhost")
    idle = many(site, 20, asked)
    for _ in range(2):
        for conn in idle:
            assert read_answer(conn)[1] == b"hello"
            conn.sendall(asked)
    site = serve(hello, of_address=5, proxies=1)
    slow = many(site, 20, SLOW_HEAD)
    eventually(lambda: site.worker.nr_conns == 20)
    for conn in slow:
        conn.sendall(b"host\r\nConnection: close\r\n\r\n")
        assert read_all(conn).startswith(b"HTTP/1.1 200")


@pytest.mark.long
def test_where_no_more_fit_in_the_longest_waiting_is_let_go(serve, many):
    site = serve(hello, connections=30, threads=2)
    many(site, 100, SLOW_HEAD)
    assert is_answered_at_once(site)
    eventually(lambda: site.worker.nr_conns <= 30)


@pytest.mark.long
def test_what_is_kept_of_unfinished_requests_is_bounded(serve, many):
    site = serve(hello, kept_bytes=1_000_000)
    slow = many(site, 20, post(200_000) + b"x" * 100_000)
    assert read_all(slow[0]).startswith(b"HTTP/1.1 408")
    assert is_answered_at_once(site)
    eventually(lambda: site.worker.kept <= 1_000_000)
    for conn in slow:
        conn.close()
    eventually(lambda: (site.worker.kept, site.worker.nr_conns) == (0, 0))


class Held:
    """An app whose answers to one path wait until they are released."""

    def __init__(self):
        self.goes_on = threading.Event()
        self.inside = 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/held":
            self.inside += 1
            self.goes_on.wait(20)
        return hello(environ, start_response)


@pytest.fixture
def held():
    app = Held()
    yield app
    app.goes_on.set()


def test_no_caller_takes_all_threads(serve, many, held):
    site = serve(held, threads=8)
    waiting = many(site, 20, get("/held", "X-API-Key: mallory"))
    eventually(lambda: held.inside == 2)
    answer = site.ask(get("/", "X-API-Key: ana"))
    assert answer.endswith(b"hello")
    assert held.inside == 2
    held.goes_on.set()
    for conn in waiting:
        assert read_all(conn).endswith(b"hello")
    assert held.inside == 20


def test_who_has_too_many_in_line_is_told_so(serve, many, held):
    site = serve(held, threads=8, in_line=5)
    waiting = many(site, 7, get("/held", "X-API-Key: mallory"))
    eventually(lambda: held.inside == 2 and site.worker.nr_conns == 7)
    answer = site.ask(get("/held", "X-API-Key: mallory"))
    assert answer.startswith(b"HTTP/1.1 429")
    assert b'"code":"too_many_at_once"' in answer
    assert b"Retry-After: 2" in answer
    held.goes_on.set()
    for conn in waiting:
        assert read_all(conn).endswith(b"hello")


def test_health_is_answered_though_all_threads_are_taken(serve, many, held):
    site = serve(held, threads=3)
    for number in range(6):
        many(site, 1, get("/held", f"X-API-Key: {number}"))
    eventually(lambda: held.inside == 3)
    assert site.ask(get("/health")).endswith(b"hello")


def test_requests_behind_each_other_are_answered_in_order(serve):
    site = serve(echo)
    sent = post(3) + b"abc" + post(0) + post(5) + b"hel"
    with site.connect(sent) as conn:
        _, one, rest = read_answer(conn)
        _, other, rest = read_answer(conn, rest)
        conn.sendall(b"lo")
        assert (one, other, read_answer(conn, rest)[1]) == (b"3", b"0", b"5")


def test_a_client_that_waits_for_consent_gets_it_once(serve):
    site = serve(echo)
    for length in (5, UPLOAD):
        with site.connect(post(length, "Expect: 100-continue", "Connection: close")) as conn:
            assert conn.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            conn.sendall(b"x" * length)
            assert read_answer(conn)[1] == str(length).encode()


def test_what_is_refused_unread_is_not_asked_for(serve):
    site = serve(hello)
    with site.connect(post(UPLOAD, "Expect: 100-continue")) as conn:
        head, body, _ = read_answer(conn)
    assert (head[:12], body) == (b"HTTP/1.1 200", b"hello")
    assert b"Connection: close" in head


def test_a_body_that_nobody_read_is_no_request(serve):
    site = serve(hello)
    smuggled = get("/smuggled")
    with site.connect(post(len(smuggled)) + smuggled) as conn:
        assert read_answer(conn)[1:] == (b"hello", b"")
        conn.sendall(get())
        assert read_answer(conn)[1:] == (b"hello", b"")
    chunked = lines("POST / HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked")
    with site.connect(chunked + b"1\r\nxZZ\r\n" + get("/smuggled")) as conn:
        assert read_all(conn).count(b"HTTP/1.1") == 1


def test_a_client_that_sends_no_more_is_answered(serve):
    site = serve(echo)
    with site.connect(get()) as conn:
        conn.shutdown(socket.SHUT_WR)
        assert read_answer(conn)[1] == b"0"


@pytest.mark.long
def test_a_process_that_stops_answers_what_has_come(serve, many, held):
    site = serve(held)
    (waiting,) = many(site, 1, lines("GET /held HTTP/1.1", "Host: localhost"))
    idle = many(site, 5, lines("GET / HTTP/1.1", "Host: localhost"))
    for conn in idle:
        read_answer(conn)
    eventually(lambda: held.inside == 1)
    stopping = threading.Thread(target=site.stop)
    stopping.start()
    eventually(lambda: not site.worker.alive)
    held.goes_on.set()
    assert read_answer(waiting)[1] == b"hello"
    for conn in (waiting, *idle):
        assert conn.recv(1) == b""
    stopping.join()
