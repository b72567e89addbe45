"""Passwords of documents: what they open is read, and they are not kept anywhere."""

from __future__ import annotations

import io
import os
import zipfile

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.parsing.documents import made_pdf
from tests.parsing.documents.conftest import samples  # noqa: F401 -- a fixture
from tests.parsing.documents.made_office import docx, paragraph
from workers.read_documents import read_documents

PASSWORD = "  Only once: 4711 "

EXAMPLES = Examples(
    bodies={"unlocks.unlock": {"password": "x"}},
    not_kept={"/api/documents/<uuid:document_id>/unlock"},
    shared={"unlocks.unlock": "write"},
)


def encrypted_pdf(password=PASSWORD):
    line = made_pdf.text((5, 50, "The wheelbarrow is in the shed."))
    return made_pdf.pdf(line, line, info="/Title(About the shed)", password=password)


def encrypted_docx():
    out = io.BytesIO()
    filling = {"word/media/noise.bin": os.urandom(10_000)}
    plain = docx(paragraph("The wheelbarrow is in the shed."), filling)
    OOXMLFile(io.BytesIO(plain)).encrypt(PASSWORD, out)
    return out.getvalue()


@pytest.fixture
def read(worker):
    return worker(read_documents).round


@pytest.fixture
def locked(ana, upload, read):
    """Uploads a document that turns out to be encrypted; gives its path."""

    def make(content, name):
        path = f"/api/documents/{upload(ana, content, name).json['id']}"
        read()
        found = ana.get(path).json
        assert (found["status"], found["error_code"]) == ("failed", "encrypted")
        return path

    return make


@pytest.fixture
def everywhere(owner):
    """Everything in the database, as text."""

    def look():
        rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return "\n".join(
            row
            for (table,) in rows.fetchall()
            for (row,) in owner.execute(f"SELECT t::text FROM {table} AS t").fetchall()
        )

    return look


@pytest.mark.processes
@pytest.mark.parametrize(
    ("content", "name"), [(encrypted_pdf, "shed.pdf"), (encrypted_docx, "shed.docx")]
)
def test_the_right_password_opens_a_document_and_is_kept_nowhere(
    ana, locked, read, content, name, everywhere, logged
):
    path = locked(content(), name)
    for wrong in (PASSWORD.strip(), PASSWORD + " "):
        answer = ana.post(f"{path}/unlock", json={"password": wrong})
        assert_problem(answer, 422, "wrong_document_password")
    assert ana.get(path).json["error_code"] == "encrypted"
    headers = {"Idempotency-Key": "k"}
    answer = ana.post(f"{path}/unlock", json={"password": PASSWORD}, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (200, None)
    read()
    found = ana.get(path).json
    assert (found["status"], found["language"]) == ("ready", "en")
    assert len(ana.get("/api/search?q=wheelbarrow").json["items"]) == 1
    for action in ("reprocess", "discard", "restore"):
        ana.post(f"{path}/{action}")
    read()
    assert ana.get(path).json["status"] == "ready"
    assert "wheelbarrow" in ana.get(f"{path}/text").json["text"]
    assert_problem(ana.post(f"{path}/unlock", json={"password": "x"}), 409, "not_encrypted")
    assert "wheelbarrow" in everywhere()
    for told in (everywhere(), str(logged)):
        assert PASSWORD.strip() not in told


@pytest.mark.processes
def test_a_password_of_spaces_opens(ana, locked, read, samples):  # noqa: F811
    path = locked((samples / "refuse" / "testPassword4Spaces.pdf").read_bytes(), "a.pdf")
    assert_problem(
        ana.post(f"{path}/unlock", json={"password": "   "}), 422, "wrong_document_password"
    )
    assert ana.post(f"{path}/unlock", json={"password": "    "}).status_code == 200
    read()
    assert ana.get(path).json["status"] == "ready"
    assert ana.get(f"{path}/text").json["text"].strip()


@pytest.mark.processes
def test_what_cannot_be_unlocked_is_refused(ana, locked):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("META-INF/manifest.xml", "<m><encryption-data/></m>")
        file.writestr("content.xml", "<x/>")
    path = locked(out.getvalue(), "a.odt")
    answer = ana.post(f"{path}/unlock", json={"password": "x"})
    assert_problem(answer, 422, "unlock_not_supported")


@pytest.mark.long
@pytest.mark.parametrize("body", [{}, {"password": ""}, {"password": "x" * 256}])
def test_a_password_has_its_bounds(ana, upload, body):
    path = f"/api/documents/{upload(ana).json['id']}/unlock"
    assert_problem(ana.post(path, json=body), 422, "invalid_input", "password")
    assert_problem(ana.post(path, json={"password": "x"}), 409, "not_encrypted")
