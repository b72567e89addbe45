"""Whatever happens to a document on its way, it is read or refused, and no other is harmed."""

from __future__ import annotations

import io
import tempfile
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.fuzzing import examples
from tests.parsing.documents.made import odf
from tests.parsing.documents.made_mail import message, ole
from tests.parsing.documents.made_office import (
    cells,
    docx,
    odf_content,
    paragraph,
    pptx,
    slide,
    xlsx,
)
from tests.parsing.documents.made_pdf import grey_picture, pdf, text
from webapp.parsing.documents.document import Document
from webapp.parsing.documents.errors import CODES, DocumentError
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator


def _picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20)).save(out, form)
    return out.getvalue()


def _mail() -> bytes:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Größe", "a@b.example"
    mail.set_content("Hello")
    mail.add_attachment(docx(paragraph("x")), maintype="a", subtype="b", filename="a.docx")
    return mail.as_bytes()


WHOLE = {
    "pdf": pdf(
        text((10, 50, "Hello World")), "/X1 Do", objects=(grey_picture(8, 8),), info="/Title(x)"
    ),
    "docx": docx(paragraph("One") + paragraph("Two", "<w:numPr/>")),
    "pptx": pptx({"slide1": slide("One", "Two")}),
    "xlsx": xlsx({"S": cells('<c r="A1"><v>1</v></c>', '<c r="B2" t="e"><v>#N/A</v></c>')}),
    "odt": odf("text", odf_content("<text:p>One<text:s/></text:p>")),
    "ods": odf("spreadsheet", odf_content("<table:table><table:table-row/></table:table>")),
    "rtf": rb"{\rtf1{\fonttbl{\f0\fcharset238 x;}}{\footnote a}\'bf\u8364? b\par}",
    "html": b"<html><head><title>x</title></head><body><p>One<table><tr><td>a</table>",
    "eml": _mail(),
    "msg": ole(message({0x0037: "x", 0x1000: "Hello"})),
    "csv": b"a;b\n1;2\n3;4\n",
    "png": _picture("png"),
    "jpg": _picture("jpeg"),
    "tif": _picture("tiff"),
    "gif": _picture("gif"),
    "webp": _picture("webp"),
}
_edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers() as readers:
        yield readers


def outcome(readers: Readers, data: bytes, name: str) -> Document | DocumentError:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            return readers.read(file.fileno(), name=name)
        except DocumentError as error:
            return error


@pytest.mark.parametrize("kind", WHOLE)
def test_each_of_them_is_read_as_long_as_it_is_whole(readers: Readers, kind: str) -> None:
    found = outcome(readers, WHOLE[kind], f"a.{kind}")
    assert isinstance(found, Document)
    assert found.media.extension == f".{kind}"


@pytest.mark.parametrize("kind", WHOLE)
@examples(15)
@given(edits=_edits, cut=st.floats(0, 1.3))
def test_damaged_documents_are_read_or_refused(
    readers: Readers, kind: str, edits: list[tuple[float, int, bytes]], cut: float
) -> None:
    data = WHOLE[kind]
    for where, removed, put in edits:
        at = int(where * len(data))
        data = data[:at] + put + data[at + removed :]
    found = outcome(readers, data[: int(cut * len(data))], f"a.{kind}")
    assert isinstance(found, Document) or found.code in CODES
    if isinstance(found, Document):
        for page in found.pages:
            assert len(list(page.words())) * 4 == len(page.boxes) or not page.boxes
            assert "\f" not in page.text
