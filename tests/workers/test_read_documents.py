"""Reading documents: from the stored file to what can be found."""

from __future__ import annotations

import dataclasses
import io
from datetime import timedelta

import pytest

from tests.blueprints.test_bad_input import assert_problem
from tests.parsing.documents.made_pdf import pdf, stream, text
from tests.processes.parsing.test_ocr import scan
from webapp.clients.storage.choice import store_from
from webapp.filing import intake
from webapp.parsing.documents.ocr import find_engine
from workers import read_documents as read_documents_module
from workers.delete_objects import delete_objects
from workers.expire_documents import expire_documents
from workers.expire_objects import expire_objects
from workers.purge_documents import purge_documents
from workers.read_documents import Read, read_documents

LETTER = pdf(
    *(
        text((5, 50, line), size=4)
        for line in (
            "The oak posts for the garden fence have to be ordered before Friday of this week.",
            "The carpenter needs the measurements of the gate and of the whole fence as well.",
            "The old fence comes down in March, and a wheelbarrow is needed for the concrete.",
        )
    )
)


def upload(client, content, name="letter.pdf", **fields):
    form = {"file": (io.BytesIO(content), name), **fields}
    answer = client.post("/api/documents", data=form, content_type="multipart/form-data")
    assert answer.status_code == 201, answer.json
    return answer.json


@pytest.fixture
def read(worker):
    """A round of reading."""
    return worker(read_documents).round


@pytest.mark.processes
def test_a_document_is_read_and_found_by_a_word_of_its_third_page(ana, read):
    document = upload(ana, LETTER)
    read()
    path = f"/api/documents/{document['id']}"
    found = ana.get(path).json
    assert (found["status"], found["pages"], found["language"]) == ("ready", 3, "en")
    assert found["title"].startswith("The oak posts")
    text = ana.get(f"{path}/text").json
    assert text["pages"] == 3
    assert text["text"].count("\f") == 2
    assert "wheelbarrow" in ana.get(f"{path}/text?page=3").json["text"]
    assert_problem(ana.get(f"{path}/text?page=4"), 404, "no_such_page")
    (hit,) = ana.get("/api/search?q=wheelbarrow").json["items"]
    assert (hit["type"], hit["id"], hit["page"]) == ("document", document["id"], 3)
    assert "<mark>wheelbarrow</mark>" in hit["snippet"]
    assert [each["id"] for each in ana.get("/api/search?q=type:pdf fence").json["items"]] == [
        document["id"]
    ]
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["document.uploaded", "document.read"]


@pytest.mark.processes
def test_what_its_owner_wrote_stays(ana, read):
    document = upload(ana, LETTER, title="Mine")
    read()
    assert ana.get(f"/api/documents/{document['id']}").json["title"] == "Mine"


@pytest.mark.processes
def test_a_damaged_document_ends_with_its_reason_and_no_dead_letter(ana, read, owner):
    document = upload(ana, LETTER[:200])
    read()
    found = ana.get(f"/api/documents/{document['id']}").json
    assert (found["status"], found["error_code"]) == ("failed", "damaged")
    assert found["error"]
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)
    ana.post(f"/api/documents/{document['id']}/retry")
    read()
    assert ana.get(f"/api/documents/{document['id']}").json["status"] == "failed"


@pytest.mark.long
def test_a_document_discarded_meanwhile_stays_so(ana, read):
    path = f"/api/documents/{upload(ana, LETTER)['id']}"
    ana.post(f"{path}/discard")
    read()
    assert ana.get(path).json["status"] == "discarded"
    assert ana.get("/api/search?q=wheelbarrow").json["items"] == []


@pytest.mark.processes
def test_reading_again_leaves_one_text(ana, read, owner):
    path = f"/api/documents/{upload(ana, LETTER)['id']}"
    read()
    ana.post(f"{path}/reprocess")
    read()
    assert ana.get(path).json["status"] == "ready"
    assert owner.execute("SELECT count(*) FROM document_texts").fetchone() == (1,)


@pytest.mark.long
def test_a_document_is_read_again_as_asked_and_once(ana, worker):
    """Reading is replaced by noting which OCR mode was requested."""
    asked = []

    def work(given, _):
        asked.append(given["ocr"])
        return Read(given["version_id"], "application/pdf", "pdf", 1, [1], "x", None, None, None)

    read = worker(dataclasses.replace(read_documents, work=work, check=None)).round
    path = f"/api/documents/{upload(ana, LETTER)['id']}"
    read()
    for body in ({"ocr": "always"}, {"ocr": "never"}, {}, None):
        assert ana.post(f"{path}/reprocess", json=body).status_code == 200
        read()
    assert ana.post(f"{path}/reprocess", json={"ocr": "x"}).status_code == 422
    ana.post(f"{path}/reprocess", json={"ocr": "always"})
    read()
    ana.post(f"{path}/discard")
    ana.post(f"{path}/restore")
    read()
    assert asked == ["auto", "always", "never", "auto", "auto", "always", "auto"]


@pytest.mark.processes
def test_a_text_layer_that_is_wrong_is_replaced_by_what_the_page_shows(ana, read):
    if find_engine() is None:
        pytest.skip("there is no OCR engine")
    layer = "\n".join(text((20, y, "wrong " * 10), before="3 Tr") for y in range(20, 140, 10))
    entries = (
        "/Type/XObject/Subtype/Image/Width 800/Height 300/ColorSpace/DeviceGray/BitsPerComponent 8"
    )
    page = f"{layer}\nq 400 0 0 150 0 0 cm /X1 Do Q"
    scanned = pdf(page, size=(400, 150), objects=(stream(scan().tobytes(), entries),))
    path = f"/api/documents/{upload(ana, scanned)['id']}"
    read()
    assert "wrong" in ana.get(f"{path}/text").json["text"]
    ana.post(f"{path}/reprocess", json={"ocr": "always"})
    read()
    found = ana.get(f"{path}/text").json["text"]
    assert "harvest was good" in found
    assert "wrong" not in found
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events[-2:] == ["document.reprocessed", "document.read"]


@pytest.mark.long
def test_what_is_purged_leaves_no_bytes_and_no_charge(ana, worker, settings, owner):
    document = upload(ana, LETTER)
    path = f"/api/documents/{document['id']}"
    ana.post(f"{path}/discard")
    ana.delete(path)
    worker(delete_objects).round()
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (0,)
    assert ana.get("/api/quota").json["used_bytes"] == 0
    keys = [each.key for each in store_from(settings.storage_url).objects()]
    assert not [key for key in keys if document["id"] in key]


def due(owner, kind):
    """Enqueue a round of maintenance."""
    owner.execute(
        "INSERT INTO outbox (kind, subject_id, workspace_id) VALUES"
        " (%s, uuidv7(), '00000000-0000-0000-0000-000000000000')",
        (kind,),
    )


@pytest.mark.long
def test_an_upload_whose_process_died_is_given_up_and_refunded(ana, worker, owner):
    upload(ana, LETTER)
    owner.execute(
        "INSERT INTO objects (workspace_id, user_id, key, bytes, expires_at)"
        " SELECT workspace_id, user_id, 'a/b/c', 1000, now() - interval '1 second' FROM objects"
    )
    before = ana.get("/api/quota").json["used_bytes"]
    due(owner, "expire_objects")
    worker(expire_objects).round()
    assert ana.get("/api/quota").json["used_bytes"] == before - 1000
    worker(delete_objects).round()
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (1,)


@pytest.mark.long
def test_a_file_that_arrives_slowly_is_not_given_up(ana, worker, owner, monkeypatch):
    monkeypatch.setattr(intake, "_BETWEEN_SIGNS", timedelta())

    def arriving():
        yield b"x" * intake.HEAD
        owner.execute("UPDATE objects SET expires_at = now() - interval '1 second'")
        yield b"y"
        due(owner, "expire_objects")
        worker(expire_objects).round()
        yield b"z"

    answer = ana.post(
        "/api/documents?name=letter.txt",
        content_type="application/octet-stream",
        environ_overrides={
            "wsgi.input": Pieces(arriving()),
            "CONTENT_LENGTH": str(intake.HEAD + 2),
        },
    )
    assert answer.status_code == 201, answer.json
    with ana.get(f"/api/documents/{answer.json['id']}/download") as download:
        assert download.data.endswith(b"xyz")


class Pieces(io.RawIOBase):
    """A body that arrives in these pieces."""

    def __init__(self, pieces):
        self._pieces = pieces

    def readable(self):
        return True

    def readinto(self, into):
        piece = next(self._pieces, b"")
        into[: len(piece)] = piece
        return len(piece)


@pytest.mark.long
def test_a_document_whose_time_is_over_goes_to_the_trash_and_then_for_good(ana, worker, owner):
    document = upload(ana, LETTER, expires_at="2020-01-01T00:00:00Z")
    path = f"/api/documents/{document['id']}"
    due(owner, "expire_documents")
    worker(expire_documents).round()
    assert ana.get(path).json["status"] == "discarded"
    owner.execute("UPDATE documents SET updated_at = now() - interval '31 days'")
    due(owner, "purge_documents")
    worker(purge_documents).round()
    assert ana.get(path).status_code == 404
    assert ana.get("/api/quota").json["used_bytes"] == 0


@pytest.mark.parametrize(
    ("said", "lines", "title"),
    [
        (" A\n letter ", "The oak posts", "A letter"),
        ("", "12\n3 - 1\n2026-11-26\n\nThe oak posts\nhave come", "The oak posts"),
        ("", "3\n- 1 -", None),
        ("\0", "", None),
        ("", "橡木柱子已经订购\n第二行", "橡木柱子已经订购"),
    ],
)
def test_a_title_is_the_documents_own_or_its_first_line_with_a_word(said, lines, title):
    assert read_documents_module._title(said, lines) == title
