"""Routes that take whole files (webapp/routes/uploads.py)."""

from __future__ import annotations

import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import request

from sql import queries
from tests.processes import eventually
from webapp.access.callers import Caller
from webapp.app import create_app
from webapp.http import db, request_body
from webapp.routes.uploads import takes_upload

LINES = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


class Client:
    """The body of a client that sends a line and then stops until it is told to go on."""

    def __init__(self):
        self.began = threading.Event()
        self.goes_on = threading.Event()
        self.sent = [b"{}\n"]

    def read(self, size=-1):
        self.began.set()
        self.goes_on.wait(20)
        return self.sent.pop() if self.sent else b""


def of(stream, length):
    """What a server tells an app about a body."""
    return {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": str(length),
    }


def send(person, stream, length=3, **headers):
    return person.client.post(
        "/api/imports", headers=LINES | headers, environ_overrides=of(stream, length)
    )


@pytest.fixture
def stalled():
    """Makes clients that stop; they go on when the test ends."""
    made = []

    def make():
        made.append(Client())
        return made[-1]

    with ThreadPoolExecutor(8) as threads:
        make.threads = threads
        yield make
        for each in made:
            each.goes_on.set()


@pytest.mark.long
def test_who_stops_in_the_middle_stops_nobody_elses_file(people, olga, stalled, app):
    streams = [stalled(), stalled()]
    sent = [stalled.threads.submit(send, olga, stream) for stream in streams]
    for stream in streams:
        assert stream.began.wait(10)
    answer = send(olga, stalled())
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_uploads")
    assert answer.headers["Retry-After"]
    otto = people.person("otto")
    assert send(otto, io.BytesIO(b"{}\n")).status_code == 201
    assert db.pool.of(app).in_use == 0
    for stream in streams:
        stream.goes_on.set()
    assert [each.result().status_code for each in sent] == [201, 201]
    assert send(olga, io.BytesIO(b"{}\n")).status_code == 201


class Slow:
    """The body of a client that is too slow for the server."""

    def read(self, size=-1):
        raise TimeoutError


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}])
@pytest.mark.parametrize("path", ["/api/imports", "/api/items"])
def test_a_body_that_comes_too_slowly_is_408(olga, path, key):
    answer = olga.client.post(
        path,
        headers=key | (LINES if path == "/api/imports" else JSON),
        environ_overrides=of(Slow(), 10),
    )
    assert (answer.status_code, answer.json["code"]) == (408, "request_timeout")


@pytest.mark.parametrize("path", ["/api/imports", "/api/items"])
def test_a_body_that_breaks_off_is_not_taken_for_whole(olga, owner, path):
    """For example, a file whose last lines are missing."""
    answer = olga.client.post(
        path,
        headers=LINES if path == "/api/imports" else JSON,
        environ_overrides=of(io.BytesIO(b'{"source_type": "note", "raw_text": "x"}'), 100),
    )
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_body")
    assert owner.execute("SELECT count(*) FROM imports").fetchone() == (0,)


def test_a_file_of_another_kind_is_not_received(olga):
    answer = olga.client.post(
        "/api/imports",
        headers={"Content-Type": "image/png"},
        environ_overrides=of(Slow(), 10),
    )
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


def test_a_file_for_which_there_is_no_room_is_told_to_come_later(olga, monkeypatch, logged):
    class Full(tempfile.SpooledTemporaryFile):
        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("webapp.http.request_body.tempfile.SpooledTemporaryFile", Full)
    answer = send(olga, io.BytesIO(b"{}\n"))
    assert (answer.status_code, answer.json["code"]) == (503, "too_many_uploads")
    assert "upload_not_kept" in [line["event"] for line in logged]


@pytest.mark.long
def test_a_form_with_a_file_is_read_from_what_was_received(settings, monkeypatch):
    app = create_app(settings)
    found = {}
    monkeypatch.setattr("webapp.routes.uploads.caller", lambda: Caller.__new__(Caller))
    monkeypatch.setattr(Caller, "user_id", "somebody", raising=False)

    @app.post("/form")
    @takes_upload(lambda _: 10_000_000, ("multipart/form-data",), in_memory=1)
    def form():
        found["hashed"] = sum(map(len, request_body.parts()))
        found["file"] = request.files["file"].read()
        found["name"] = request.form["name"]
        return ""

    # Written by hand: the test client would leave a file open.
    field = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = field % (b"name", b"oak") + field % (b'file"; filename="oak.pdf', b"x" * 3_000_000)
    kind = "multipart/form-data; boundary=x"
    answer = app.test_client().post("/form", data=body + b"--x--\r\n", content_type=kind)
    assert answer.status_code == 200
    assert (found["file"], found["name"]) == (b"x" * 3_000_000, "oak")
    assert found["hashed"] > 3_000_000
    db.pool.of(app).close()


@pytest.mark.long
def test_places_in_memory_are_waited_for(olga, people, monkeypatch):
    inside = threading.Semaphore(0)
    goes_on = threading.Event()
    most = []
    create = queries.imports.create

    def slowly(conn, **given):
        most.append(1)
        inside.release()
        goes_on.wait(20)
        return create(conn, **given)

    monkeypatch.setattr(queries.imports, "create", slowly)
    persons = [olga, people.person("otto"), people.person("ida")]
    with ThreadPoolExecutor(3) as threads:
        sent = [threads.submit(send, each, io.BytesIO(b"{}\n")) for each in persons]
        for _ in range(2):
            assert inside.acquire(timeout=60)
        assert len(most) == 2
        goes_on.set()
        assert [each.result().status_code for each in sent] == [201] * 3
    eventually(lambda: len(most) == 3)
