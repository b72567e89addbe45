"""Documents through the fork server, as the worker reads them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.parsing.documents.made_office import cells, xlsx
from tests.parsing.documents.made_pdf import pdf, text
from webapp.parsing.child import ChildError
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.parsing.documents.document import Document


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers() as readers:
        yield readers


@pytest.fixture
def read(readers: Readers, tmp_path: Path) -> Callable[..., Document]:
    def read(data: bytes, name: str = "", **options: Any) -> Document:
        path = tmp_path / "document"
        path.write_bytes(data)
        with path.open("rb") as file:
            return readers.read(file.fileno(), name=name, **options)

    return read


def test_a_document_comes_back_whole(read: Callable[..., Document]) -> None:
    told: list[tuple[int, int]] = []
    document = read(
        pdf(text((20, 50, "Hello World")), text((20, 50, "Größe")), info="/Title(On apples)"),
        on_page=lambda done, of: told.append((done, of)),
    )
    assert [page.text for page in document.pages] == ["Hello World", "Größe"]
    (word,) = document.pages[1].words()
    assert word.box is not None
    assert 19 < word.box.left < 21
    assert document.metadata.title == "On apples"
    assert told == [(1, 2), (2, 2)]


def test_the_name_decides_between_texts(read: Callable[..., Document]) -> None:
    assert read(b"# Head", "notes.md").media.type == "text/markdown"


def test_a_refusal_says_why(read: Callable[..., Document]) -> None:
    locked = pdf(text((20, 50, "secret")), password="open sesame")
    codes = []
    for data in (b"", locked, b"%PDF-1.7", b"PK\x03\x04"):
        with pytest.raises(DocumentError) as caught:
            read(data)
        assert caught.value.permanent
        codes.append(caught.value.code)
    assert codes == ["empty", "encrypted", "damaged", "unsupported"]
    assert read(locked, password="open sesame").text == "secret"


def test_a_forwarded_mail_is_read(read: Callable[..., Document]) -> None:
    """The child must already have everything it needs: it can no longer import anything."""
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"] = "Oak posts"
    inner.set_content("Before Friday.")
    outer["Subject"] = "Fwd"
    outer.set_content("See below.")
    outer.add_attachment(inner)
    (attached,) = read(outer.as_bytes(), "fwd.eml").attachments
    assert "Before Friday." in attached.text


def test_an_attachment_can_be_taken_out(readers: Readers, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "x", "a@b.example"
    mail.add_attachment(b"what it is", maintype="a", subtype="b", filename="note")
    (tmp_path / "mail").write_bytes(mail.as_bytes())
    with (tmp_path / "mail").open("rb") as file:
        assert readers.attachment(file.fileno(), 0) == b"what it is"
        with pytest.raises(DocumentError):
            readers.attachment(file.fileno(), 1)


def test_a_page_can_be_seen(readers: Readers, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(text((20, 50, "Hello"))))
    with (tmp_path / "a.pdf").open("rb") as file:
        assert readers.picture(file.fileno(), format="png").startswith(b"\x89PNG")


def test_many_threads_read_the_same_file_at_once(readers: Readers, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(*[text((20, 50, f"Page {n}")) for n in range(20)]))
    with (tmp_path / "a.pdf").open("rb") as file, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: readers.read(file.fileno()).text, range(12)))
    assert set(found) == {"\f".join(f"Page {n}" for n in range(20))}


def test_an_attachment_that_needs_too_much_does_not_cost_the_mail(
    read: Callable[..., Document],
) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "x", "a@b.example"
    mail.set_content("The mail itself")
    # The largest possible sheet, of which calamine would keep every cell.
    corners = cells('<c r="A1"><v>1</v></c>').replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    mail.add_attachment(xlsx({"S": corners}), maintype="a", subtype="b", filename="a.xlsx")
    document = read(mail.as_bytes())
    assert document.text.endswith("The mail itself")
    assert [(each.name, each.error) for each in document.attachments] == [("a.xlsx", "too_complex")]


def test_what_may_be_wrong_with_the_machine_is_tried_again(tmp_path: Path) -> None:
    with Readers() as readers, Path(os.devnull).open("rb") as file:
        readers._server._preloaded = "no.such.module"
        with pytest.raises(ChildError) as caught:
            readers.read(file.fileno())
    assert not caught.value.permanent


def test_no_reader_is_imported_where_documents_are_only_asked_for() -> None:
    code = "import webapp.parsing.documents.readers, sys; print(*sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"lxml", "pypdfium2", "python_calamine", "PIL", "numpy", "charset_normalizer", "email"}
    assert not heavy & set(asked.stdout.split())


def test_the_server_has_no_threads_and_imports_neither_the_web_nor_the_database() -> None:
    code = (
        "import webapp.parsing.documents.preload, sys, os; "
        "print(len(os.listdir('/proc/self/task')), *sys.modules)"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    threads, *modules = asked.stdout.split()
    assert threads == "1"
    assert not {"flask", "psycopg", "obstore", "numpy", "cv2", "onnxruntime"} & set(modules)


# ---- real files, if they are there


def outcome(readers: Readers, path: Path, **options: Any) -> str | Document:
    with path.open("rb") as file:
        try:
            return readers.read(file.fileno(), name=path.name, **options)
        except DocumentError as error:
            return error.code


def found_in(document: Document) -> str:
    metadata = document.metadata
    said = [metadata.title, metadata.author, metadata.subject, metadata.keywords]
    inside = [text for each in document.attachments for text in (each.name, each.text)]
    return " ".join(" ".join([document.text, *said, *inside]).split())


def test_real_files_have_the_text_that_they_must_have(
    readers: Readers, samples: Path, manifest: list[dict[str, Any]]
) -> None:
    wrong = {}
    for entry in manifest:
        truth = entry["truth"]
        if not isinstance(truth, dict) or "ocr" in truth or "OCR" in entry["hard"]:
            continue
        document = outcome(readers, samples / entry["file"], password=truth.get("password"))
        if isinstance(document, str):
            wrong[entry["file"]] = [document]
            continue
        text = found_in(document)
        missing = [said for said in truth["must_contain"] if " ".join(said.split()) not in text]
        missing += [said for said in truth.get("must_not_contain", []) if said in text]
        if missing:
            wrong[entry["file"]] = missing
    # The first is a picture; the second does not contain what is expected of it.
    wrong.pop("text/020.input.pdf", None)
    wrong.pop("text/testMSG.msg", None)
    assert wrong == {}


REFUSALS = {
    "made/bomb.docx": {"too_complex"},
    "made/deep.docx": {"too_complex"},
    "made/html_deep.html": {"too_complex"},
    "made/huge.png": {"too_complex"},
    "made/laughs.docx": {"damaged", "too_complex"},
    "made/many_parts.zip": {"unsupported"},
    "made/pages_loop.pdf": {"damaged"},
    "made/stream_bomb.pdf": {"too_complex"},
    "made/xxe.docx": {"damaged"},
    "refuse/empty.pdf": {"empty"},
    "refuse/pass_protected.xlsx": {"encrypted"},
    "refuse/r6-user-password.pdf": {"encrypted"},
    "refuse/testODTEncrypted.odt": {"encrypted"},
    "refuse/testPassword4Spaces.pdf": {"encrypted"},
    "refuse/testWORD_protected_passtika.docx": {"encrypted"},
    "refuse/testWORD_truncated.docx": {"damaged"},
    "refuse/testZIP_corrupted_oom.zip": {"unsupported"},
}


def test_whatever_is_hostile_ends_with_a_reason_and_harms_nobody(
    readers: Readers, samples: Path
) -> None:
    paths = sorted(path for folder in ("made", "refuse") for path in (samples / folder).iterdir())
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(paths, pool.map(lambda path: outcome(readers, path), paths), strict=True))
    wrong = {}
    for path, result in found.items():
        name = f"{path.parent.name}/{path.name}"
        expected = REFUSALS.get(name)
        if isinstance(result, str) != (expected is not None) or (
            expected is not None and result not in expected
        ):
            wrong[name] = result
        if not isinstance(result, str):
            assert "root:" not in result.text
    assert wrong == {}


@pytest.mark.parametrize(
    ("file", "password"),
    [("testPassword4Spaces.pdf", "    "), ("r6-user-password.pdf", "asdfzxcv")],
)
def test_the_password_of_a_real_file_opens_it(
    readers: Readers, samples: Path, file: str, password: str
) -> None:
    document = outcome(readers, samples / "refuse" / file, password=password)
    assert not isinstance(document, str)
    assert document.pages


def test_two_thirds_of_the_strings_that_must_be_found_are(readers: Readers, samples: Path) -> None:
    expected = json.loads((samples / "strings.json").read_text())
    found = wanted = 0
    for file, strings in expected.items():
        document = outcome(readers, samples / "strings" / file)
        text = "" if isinstance(document, str) else found_in(document)
        wanted += len(strings)
        found += sum(" ".join(said.split()) in text for said in strings)
    assert found >= 0.66 * wanted, (found, wanted)


def test_children_open_nothing_after_they_were_confined(samples: Path) -> None:
    """Opening is refused, so a reader that has to open something would fail silently."""
    files = [str(path) for path in sorted((samples / "text").iterdir())]
    code = f"""
import os, sys, json
import webapp.parsing.documents.preload
from webapp.parsing.documents.tasks import read
opened = []
def hook(event, arguments):
    if event in ("open", "import") and arguments[0] not in (None, "pypdfium2"):
        opened.append((event, str(arguments[0])))
files = [os.open(path, os.O_RDONLY) for path in {files!r}]
sys.addaudithook(hook)
for path, file in zip({files!r}, files):
    asked = {{"name": path, "password": "password", "most_pages": 99, "reads_attachments": True}}
    try:
        read.main(file, asked, lambda **_: None)
    except Exception:
        pass
print(json.dumps(opened))
"""
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert json.loads(asked.stdout) == []


def test_nothing_is_left_of_readers_that_are_closed() -> None:
    readers = Readers()
    with Path(os.devnull).open("rb") as file, contextlib.suppress(DocumentError):
        readers.read(file.fileno())
    process = readers._server._process
    assert process is not None
    readers.close()
    assert process.returncode is not None
