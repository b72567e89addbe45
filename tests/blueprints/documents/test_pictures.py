"""Pictures of pages: small ones, of files that have pages, and no bomb harms the web."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image

from tests.blueprints.documents.test_unlocks import encrypted_pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.parsing.documents import made_pdf
from tests.parsing.documents.conftest import samples  # noqa: F401 -- a fixture
from webapp.blueprints.documents import reading

TALL = made_pdf.pdf("0 0 200 50 re f", "0 50 200 50 re f", size=(200, 1000))

EXAMPLES = Examples(shared={"pictures.thumbnail": "view"})


def picture(answer):
    assert (answer.status_code, answer.mimetype) == (200, "image/webp"), answer.json
    return Image.open(io.BytesIO(answer.data))


@pytest.fixture
def thumbnail(ana):
    """Uploads a file; gives the address of its picture."""

    def make(content, name="a.pdf"):
        answer = ana.post(f"/api/documents?name={name}", data=content)
        assert answer.status_code in (200, 201), answer.json
        return f"/api/documents/{answer.json['id']}/thumbnail"

    return make


@pytest.mark.processes
def test_a_page_is_shown_within_its_bounds_and_kept_by_the_browser(ana, upload, thumbnail):
    path = thumbnail(TALL)
    first = ana.get(f"{path}?width=100")
    assert picture(first).size == (40, 200)
    assert picture(ana.get(f"{path}?width=100&page=2")).tobytes() != picture(first).tobytes()
    assert first.headers["Cache-Control"] == "private, no-cache"
    known = {"If-None-Match": first.headers["ETag"]}
    again = ana.get(f"{path}?width=100", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert ana.get(f"{path}?width=101", headers=known).status_code == 200
    upload(ana, made_pdf.pdf("", size=(100, 100)), path=path.replace("thumbnail", "versions"))
    assert picture(ana.get(f"{path}?width=100", headers=known)).size == (100, 100)
    assert picture(ana.get(f"{path}?width=100&version=1")).size == (40, 200)
    out = io.BytesIO()
    Image.new("RGB", (3000, 1500)).save(out, "png")
    assert picture(ana.get(f"{thumbnail(out.getvalue(), 'a.png')}?width=1000")).size == (1000, 500)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("content", "page", "code"),
    [
        (b"Only text.", 1, "unsupported"),
        (TALL[:300], 1, "damaged"),
        (encrypted_pdf(), 1, "encrypted"),
    ],
    ids=["text", "damaged", "encrypted"],
)
def test_what_has_no_picture_says_why(ana, thumbnail, content, page, code):
    answer = ana.get(f"{thumbnail(content)}?page={page}")
    assert_problem(answer, 415, "no_thumbnail")
    assert answer.json["error_code"] == code


@pytest.mark.processes
def test_a_page_after_the_last_one_is_not_there(ana, thumbnail):
    assert_problem(ana.get(f"{thumbnail(TALL)}?page=3"), 404, "no_such_page")


@pytest.mark.processes
def test_bombs_are_refused_and_harm_nobody(ana, thumbnail, samples):  # noqa: F811
    for name in ("stream_bomb.pdf", "huge.png", "page_bomb.pdf", "pages_loop.pdf", "bomb.docx"):
        answer = ana.get(thumbnail((samples / "made" / name).read_bytes(), name))
        assert answer.status_code in (200, 415, 503), name
        assert answer.status_code == 200 or answer.json["code"] in ("no_thumbnail", "readers_busy")
    assert picture(ana.get(thumbnail(TALL)))


@pytest.mark.long
@pytest.mark.parametrize("asked", ["page=0", "width=15", "width=1001", "page=x", "height=1"])
def test_a_picture_has_its_bounds(ana, thumbnail, asked):
    answer = ana.get(f"{thumbnail(TALL)}?{asked}")
    assert_problem(answer, 422, "invalid_input", asked.partition("=")[0])


@pytest.mark.long
def test_few_are_made_at_once_one_for_each_user_and_the_others_are_told_to_come_later(
    upload, stand_in, monkeypatch, sign_in
):
    monkeypatch.setattr(reading, "_PATIENCE", 0.01)
    begun, goes_on = threading.Semaphore(0), threading.Event()

    class Slow:
        def picture(self, *_, **__):
            begun.release()
            goes_on.wait(20)
            return b"made"

        def close(self):
            pass

    readers = stand_in(reading.own_readers, reading.OwnReaders())
    readers._readers = Slow()
    pictures = {
        name: (client, f"/api/documents/{upload(client, TALL).json['id']}/thumbnail")
        for name in ("ana", "ben", "cleo")
        for client in [sign_in(name)]
    }

    def busy(name):
        client, path = pictures[name]
        answer = client.get(path)
        assert_problem(answer, 503, "readers_busy")
        assert answer.headers["Retry-After"] == "5"

    answers = []

    def begin(name):
        client, path = pictures[name]
        thread = threading.Thread(target=lambda: answers.append(client.get(path)))
        thread.start()
        assert begun.acquire(timeout=60)
        return thread

    threads = [begin("ana")]
    busy("ana")
    threads.append(begin("ben"))
    busy("cleo")
    goes_on.set()
    for each in threads:
        each.join()
    assert [each.data for each in answers] == [b"made"] * 2
