"""Documents as a client of the real server sees them: what is broken looks broken, and no document
harms the server."""

from __future__ import annotations

import contextlib
import http.client
import json
import os

import pytest

from tests import databases
from tests.parsing.documents.conftest import samples  # noqa: F401 -- a fixture
from tests.parsing.documents.made_pdf import pdf, text
from tests.processes import serving

PAGE = pdf(text((5, 50, "A wheelbarrow.")))


@pytest.fixture(scope="module")
def folder():
    with databases.temporary_folder() as made:
        yield made


@pytest.fixture(scope="module")
def web(server_url, folder):
    with (
        databases.new_database(server_url, f"coffer_documents_{os.getpid()}") as database,
        serving(database, WEB_CONCURRENCY="1", STORAGE_URL=folder.as_uri()) as api,
    ):
        yield api


@pytest.fixture
def ask(web):
    """Sends a request; gives the status and the body."""

    def send(method, path, body=None):
        conn = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        with contextlib.closing(conn):
            conn.request(method, path, body, {"X-Dev-User-Id": "ana"})
            answer = conn.getresponse()
            return answer.status, answer.read()

    def upload(content, name="a.pdf"):
        status, body = send("POST", f"/api/documents?name={name}", content)
        assert status in (200, 201), body
        return json.loads(body)["id"]

    send.upload = upload
    return send


def test_an_archive_that_breaks_in_the_middle_is_seen_to_be_broken(ask, folder):
    whole, broken = ask.upload(PAGE), ask.upload(PAGE + b"\n" * 1000)
    (file,) = folder.glob(f"*/{broken}/*")
    file.write_bytes(PAGE)
    assert ask("GET", f"/api/documents/archive?ids={whole}")[0] == 200
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask("GET", f"/api/documents/archive?ids={whole},{broken}")
    assert ask("GET", "/health")[0] == 200


def test_pictures_of_bombs_harm_nobody(ask, web, samples):  # noqa: F811
    document = ask.upload(PAGE)
    for name in ("stream_bomb.pdf", "huge.png", "page_bomb.pdf", "pages_loop.pdf", "bomb.docx"):
        bomb = ask.upload((samples / "made" / name).read_bytes(), name)
        assert ask("GET", f"/api/documents/{bomb}/thumbnail")[0] in (200, 415, 503), name
        status, picture = ask("GET", f"/api/documents/{document}/thumbnail")
        assert (status, picture[:4]) == (200, b"RIFF")
    assert web.process.poll() is None
