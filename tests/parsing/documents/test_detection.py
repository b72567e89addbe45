import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from tests.parsing.documents.made import OOXML, content_types, odf, zipped
from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.media import BY_TYPE

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def type_of(data: bytes, name: str = "") -> str:
    return detect(io.BytesIO(data), name).type


def office(main: str, media_type: str, **more: bytes) -> bytes:
    return zipped({"[Content_Types].xml": content_types(main, media_type), main: "<a/>", **more})


WORD = office("word/document.xml", OOXML + "wordprocessingml.document")


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"junk of a mail gateway\n%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"II*\0\x08\0\0\0", "image/tiff"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "image/bmp"),
        (b"{\\rtf1\\ansi x}", "application/rtf"),
        (b"%!PS-Adobe", "application/postscript"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"", "application/x-empty"),
        (b"\0\1\2\3" * 40, "application/octet-stream"),
        (b"Plain words, nothing else.\n", "text/plain"),
        ("Grüße aus Köln".encode("latin-1"), "text/plain"),
        ("Grüße aus Köln".encode("utf-16"), "text/plain"),
        ("Dear all, hello".encode("utf-16-le"), "text/plain"),
        (b"  <!DOCTYPE html><p>x", "text/html"),
        (b"<?xml version='1.0'?><html xmlns='x'><body/></html>", "text/html"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><a>x</a>", "application/xml"),
        (b"a;b\n1;2\n3;4\n", "text/csv"),
        (b"a\tb\n1\t2\n3\t4\n", "text/tab-separated-values"),
        (b"Dear Ann,\nthanks, and see you,\nBob\n", "text/plain"),
        (b'{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', "text/plain"),
        (b"From: a@b.example\nSubject: x\n\nhello", "message/rfc822"),
        (b"From a@b Mon Jan 1\nReceived: x\n\tby y\nTo: c\n\nhello", "message/rfc822"),
        (b"Name: x\nPrice: 3\n\nhello", "text/plain"),
        (WORD, OOXML + "wordprocessingml.document"),
        (WORD[: WORD.index(b"PK\x01\x02")], OOXML + "wordprocessingml.document"),
        (office("xl/workbook.xml", OOXML + "spreadsheetml.sheet"), OOXML + "spreadsheetml.sheet"),
        (
            office("ppt/presentation.xml", "application/vnd.ms-powerpoint.slideshow.macroEnabled"),
            "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
        ),
        (zipped({"ppt/slides/slide1.xml": "<a/>"}), OOXML + "presentationml.presentation"),
        (odf("text", "<a/>"), "application/vnd.oasis.opendocument.text"),
        (zipped({"mimetype": "application/epub+zip"}), "application/epub+zip"),
        (zipped({"META-INF/container.xml": "<a/>"}), "application/epub+zip"),
        (zipped({"readme.txt": "hello"}), "application/zip"),
        (b"PK\x03\x04", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "application/x-ole-storage"),
    ],
)
def test_what_a_file_holds_says_what_it_is(data: bytes, media_type: str) -> None:
    assert type_of(data) == media_type


@pytest.mark.parametrize("name", ["page.pdf", "picture.png", "letter.docx", "noending", "a.csv"])
def test_the_name_cannot_make_a_page_or_a_drawing_anything_else(name: str) -> None:
    assert type_of(b"<html><script>alert(1)</script></html>", name) == "text/html"
    assert type_of(b"%PDF-1.7\n", name) == "application/pdf"
    assert type_of(WORD, name) == OOXML + "wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("notes.md", "text/markdown"),
        ("table.CSV", "text/csv"),
        ("mail.eml", "message/rfc822"),
        ("notes.txt", "text/plain"),
        ("notes", "text/plain"),
        ("notes.exe", "text/plain"),
    ],
)
def test_the_name_decides_between_texts(name: str, media_type: str) -> None:
    assert type_of(b"one, two\n", name) == media_type


def test_the_beginning_of_a_file_is_enough_for_a_first_answer() -> None:
    large = office("word/document.xml", OOXML + "wordprocessingml.document", big=bytes(1 << 20))
    assert type_of(large[:1000]) == OOXML + "wordprocessingml.document"


@examples(25, many=500)
@given(
    st.binary(max_size=3000),
    st.sampled_from([b"", b"PK\x03\x04", WORD[:40], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
)
def test_whatever_comes_is_something(data: bytes, beginning: bytes) -> None:
    assert type_of(beginning + data, "x.csv") in BY_TYPE


@examples(25, many=500)
@given(st.integers(0, len(WORD)), st.integers(0, len(WORD)), st.binary(max_size=8))
def test_a_damaged_zip_is_something(cut: int, at: int, junk: bytes) -> None:
    data = WORD[:at] + junk + WORD[at + len(junk) :]
    assert type_of(data[:cut]) in BY_TYPE


def test_real_files_are_what_their_endings_say(
    samples: Path, manifest: list[dict[str, Any]]
) -> None:
    """At least 97 % of those whose extensions are right."""
    lying = {entry["file"] for entry in manifest if entry["file"].startswith("refuse/")}
    endings = {media.extension: media.type for media in BY_TYPE.values() if media.extension}
    strings = {f"strings/{name}" for name in json.loads((samples / "strings.json").read_text())}
    files = {entry["file"] for entry in manifest} - lying | strings
    wrong = []
    for file in sorted(files):
        with (samples / file).open("rb") as opened:
            found = detect(opened, file).type
        if endings[(samples / file).suffix] != found:
            wrong.append((file, found))
    assert len(wrong) <= 0.03 * len(files), wrong
