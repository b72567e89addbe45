"""Several documents as one ZIP: all of them, with safe names, and no part that looks complete."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.blueprints.documents import storage
from webapp.clients.storage.contract import StorageError

PATH = "/api/documents/archive"

EXAMPLES = Examples(
    queries={"archive.download": {"ids": ""}},
    bodies={"archive.download_several": {"ids": []}},
    not_kept={PATH},
    unlike_their_method={"archive.download_several"},
)


def unzipped(answer):
    assert answer.status_code == 200, answer.json
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as made:
        assert made.testzip() is None
        assert {each.compress_type for each in made.infolist()} <= {zipfile.ZIP_STORED}
        return {name: made.read(name) for name in made.namelist()}


@pytest.fixture
def make(ana, upload):
    """Uploads a document; gives its id."""

    def send(word, name="a.pdf", **fields):
        return upload(ana, pdf(word), name, **fields).json["id"]

    return send


@pytest.fixture
def of(ana):
    """The unpacked archive of the documents with some ids."""
    return lambda *ids: unzipped(ana.get(PATH, query_string={"ids": ",".join(ids)}, buffered=True))


@pytest.mark.long
def test_documents_are_in_it_once_each_and_equal_names_are_numbered(ana, make, of):
    ids = [make("1"), make("2", "A.PDF"), make("3"), make("4", "a (2).pdf"), make("5", "Ü 测.pdf")]
    found = of(*ids, ids[0])
    assert found == {
        "a.pdf": pdf("1"),
        "A (2).PDF": pdf("2"),
        "a (3).pdf": pdf("3"),
        "a (2) (2).pdf": pdf("4"),
        "Ü 测.pdf": pdf("5"),
    }
    assert unzipped(ana.post(PATH, json={"ids": ids}, buffered=True)) == found
    assert of() == {}


@pytest.mark.long
def test_a_folder_is_there_with_the_folders_in_it(ana, make):
    def folder(name, parent=None):
        return ana.post("/api/folders", json={"name": name, "parent_id": parent}).json["id"]

    outer = folder("Above")
    top = folder("Let:ters", outer)
    inner = folder("2026", top)
    make("1", folder_id=top), make("2", "2026", folder_id=top), make("3", folder_id=inner)
    make("4", folder_id=folder("..", inner))
    make("5", folder_id=outer)
    ana.post(f"/api/documents/{make('6', folder_id=inner)}/discard")
    answer = ana.get(PATH, query_string={"folder_id": top}, buffered=True)
    assert unzipped(answer) == {
        "a.pdf": pdf("1"),
        "2026 (2)": pdf("2"),
        "2026/a.pdf": pdf("3"),
        "2026/_/a.pdf": pdf("4"),
    }
    assert 'filename="Let_ters.zip"' in answer.headers["Content-Disposition"]


@pytest.mark.long
def test_anothers_document_is_refused_before_the_first_byte(ana, sign_in, make, upload):
    mine = make("1")
    ben = sign_in("ben")
    foreign = upload(ben, pdf("2")).json["id"]
    for ids in (f"{mine},{foreign}", NOWHERE):
        assert_problem(ana.get(PATH, query_string={"ids": ids}), 404, "not_found")
    folder = ben.post("/api/folders", json={"name": "x"}).json["id"]
    assert_problem(ana.get(PATH, query_string={"folder_id": folder}), 404, "not_found")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "ids"),
        ({"ids": NOWHERE, "folder_id": NOWHERE}, "ids"),
        ({"ids": "x"}, "ids.0"),
        ({"ids": ",".join([NOWHERE] * 501)}, "ids"),
        ({"folder_id": "x"}, "folder_id"),
    ],
)
def test_bad_input_names_its_field(ana, asked, field):
    assert_problem(ana.get(PATH, query_string=asked), 422, "invalid_input", field)


@pytest.mark.long
def test_a_lost_file_is_named_and_keeps_nobody_from_the_others(make, of, app, owner):
    ids = [make("1"), make("2", "gone.pdf"), make("3", "errors.txt")]
    (key,) = owner.execute(
        "SELECT key FROM objects JOIN document_versions AS version ON object_id = objects.id"
        " WHERE version.document_id = %s",
        (ids[1],),
    ).fetchone()
    storage._storage.of(app).ready().delete([key])
    found = of(*ids)
    assert found.keys() == {"a.pdf", "errors.txt", "errors (2).txt"}
    assert b"gone.pdf" in found["errors (2).txt"]


class Failing:
    """A store that fails in the middle of each object, or has fewer bytes than it should."""

    def __init__(self, *, raises):
        self._raises = raises

    def ready(self):
        return self

    def read(self, key):
        yield b"%PDF-1.7"
        if self._raises:
            raise StorageError("the store is gone")


@pytest.mark.long
@pytest.mark.parametrize("raises", [True, False])
def test_what_breaks_in_the_middle_is_no_archive(ana, make, stand_in, raises):
    made = make("1")
    stand_in(storage._storage, Failing(raises=raises))
    answer = ana.get(PATH, query_string={"ids": made}, buffered=False)
    parts = []
    with pytest.raises(StorageError):
        parts.extend(answer.response)
    assert parts[0].startswith(b"PK")
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(parts)))
