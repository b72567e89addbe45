"""The files of documents: the same bytes, also in parts, and nothing that runs in a browser."""

from __future__ import annotations

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from webapp.blueprints.documents import storage

EXAMPLES = Examples(shared={"files.download": "view", "files.preview": "view"})

CONTENT = pdf("0123456789" * 30)


@pytest.fixture
def path(ana, upload):
    return f"/api/documents/{upload(ana, CONTENT, 'Größe 测试.pdf').json['id']}"


def test_what_was_uploaded_is_downloaded(ana, path):
    answer = ana.get(f"{path}/download", buffered=True)
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="Gr__e __.pdf"; '
        "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E6%B5%8B%E8%AF%95.pdf"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = ana.get(
        f"{path}/download", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=-100", 206, slice(-100, None)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=0-99999", 206, slice(0, None)),
        ("bytes=-99999", 206, slice(0, None)),
        ("bytes=5-5", 206, slice(5, 6)),
        ("bytes=0-1,5-6", 200, slice(0, None)),
        ("bytes=9-5", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("lines=1-2", 200, slice(0, None)),
    ],
)
def test_parts_of_a_file(ana, path, asked, status, part):
    answer = ana.get(f"{path}/download", headers={"Range": asked}, buffered=True)
    assert (answer.status_code, answer.data) == (status, CONTENT[part])
    if status == 206:
        start = range(len(CONTENT))[part][0]
        end = start + len(CONTENT[part]) - 1
        assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(ana, path, asked):
    answer = ana.get(f"{path}/download", headers={"Range": asked}, buffered=True)
    assert_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_part_of_an_older_file_is_not_given(ana, path):
    headers = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert ana.get(f"{path}/download", headers=headers, buffered=True).data == CONTENT
    headers["If-Range"] = ana.get(f"{path}/download", buffered=True).headers["ETag"]
    assert ana.get(f"{path}/download", headers=headers, buffered=True).data == CONTENT[:10]


def test_a_pdf_is_shown_inline_and_nothing_of_it_runs(ana, path):
    answer = ana.get(f"{path}/preview", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "content",
    [b"<!doctype html><html><script>alert(1)</script></html>", b"<svg xmlns='x' onload='a()'/>"],
)
def test_what_could_run_is_not_shown_whatever_it_calls_itself(ana, upload, content):
    document = upload(ana, content, "a.pdf").json
    assert document["media_type"] != "application/pdf"
    assert_problem(
        ana.get(f"/api/documents/{document['id']}/preview", buffered=True), 415, "no_preview"
    )


def test_text_is_shown_as_text(ana, upload):
    document = upload(ana, b"Hello <script>", "a.txt").json
    answer = ana.get(f"/api/documents/{document['id']}/preview", buffered=True)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_an_unknown_version_is_not_there(ana, path):
    assert ana.get(f"{path}/download?version=1", buffered=True).data == CONTENT
    assert_problem(ana.get(f"{path}/download?version=2", buffered=True), 404, "not_found")


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-3"}])
@pytest.mark.parametrize("what", ["download", "preview"])
def test_lost_bytes_are_reported_as_lost(ana, path, what, headers, stand_in, tmp_path):
    stand_in(storage._storage, storage.PreparedStore(tmp_path.as_uri()))
    answer = ana.get(f"{path}/{what}", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (410, "file_lost")


def test_a_store_that_does_not_answer_is_reported_as_such(ana, upload, path, stand_in, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    stand_in(storage._storage, storage.PreparedStore((tmp_path / "file" / "store").as_uri()))
    for answer in (ana.get(f"{path}/download"), upload(ana, b"Something else.", "note.txt")):
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert answer.headers["Retry-After"] == "5"
