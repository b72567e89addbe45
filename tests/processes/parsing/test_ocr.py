"""OCR, with all the engines that are installed here."""

from __future__ import annotations

import io
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.parsing.documents.made_pdf import pdf, stream, text
from webapp.parsing.documents import calls
from webapp.parsing.documents.readers import Readers

ENGINES = [
    pytest.param(
        "rapidocr",
        marks=pytest.mark.skipif(
            not all(map(find_spec, ("rapidocr", "onnxruntime"))), reason="the extra ocr is missing"
        ),
    ),
    pytest.param(
        "tesseract",
        marks=pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is missing"),
    ),
]


def scan() -> Image.Image:
    """A picture of two lines of text."""
    picture = Image.new("L", (800, 300), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(48)
    draw.text((60, 60), "The harvest was good", font=font, fill=0)
    draw.text((60, 160), "Apples and pears", font=font, fill=0)
    return picture


def as_png() -> bytes:
    out = io.BytesIO()
    scan().save(out, "png")
    return out.getvalue()


def mixed() -> bytes:
    """A PDF with a page of text, then a page that is a scan."""
    entries = (
        "/Type/XObject/Subtype/Image/Width 800/Height 300/ColorSpace/DeviceGray/BitsPerComponent 8"
    )
    return pdf(
        text((20, 50, "A page of text that is as long as most are")),
        "400 0 0 150 0 0 cm /X1 Do",
        size=(400, 150),
        objects=(stream(scan().tobytes(), entries),),
    )


@pytest.fixture(params=ENGINES)
def readers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calls, "find_engine", lambda: request.param)
    with Readers() as readers:
        yield readers


def test_pictures_and_scanned_pages_are_read(readers: Readers, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(as_png())
    (tmp_path / "a.pdf").write_bytes(mixed())
    with (tmp_path / "a.png").open("rb") as file:
        (page,) = readers.read(file.fileno()).pages
    assert page.origin == "ocr"
    assert " ".join(page.text.split()) == "The harvest was good Apples and pears"
    assert (page.width, page.height) == (800, 300)
    told: list[tuple[int, int]] = []
    with (tmp_path / "a.pdf").open("rb") as file:
        document = readers.read(file.fileno(), on_page=lambda *step: told.append(step))
    assert [each.origin for each in document.pages] == ["text", "ocr"]
    assert document.pages[1].text.split("\n")[0] == "The harvest was good"
    assert told == [(1, 2), (2, 2), (1, 1)]
    first = next(document.pages[1].words())
    assert first.box is not None
    # A pixel is half a point.
    assert abs(first.box.left - 30) < 8
    assert abs(first.box.top - 35) < 12


def test_what_is_text_already_is_only_read_where_that_is_asked_for(
    readers: Readers, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(mixed())
    with (tmp_path / "a.pdf").open("rb") as file:
        never = readers.read(file.fileno(), ocr="never")
        always = readers.read(file.fileno(), ocr="always")
    assert [page.origin for page in never.pages] == ["text", "picture"]
    assert [page.origin for page in always.pages] == ["ocr", "ocr"]


def test_without_an_engine_a_page_says_that_it_is_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "find_engine", lambda: None)
    (tmp_path / "a.png").write_bytes(as_png())
    with Readers() as readers, (tmp_path / "a.png").open("rb") as file:
        (page,) = readers.read(file.fileno()).pages
    assert (page.text, page.origin) == ("", "picture")


def test_a_page_that_lies_upside_down_is_read(readers: Readers, tmp_path: Path) -> None:
    if calls.find_engine() == "tesseract":
        pytest.skip("tesseract reads pages as they lie")
    scan().rotate(180).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file:
        (page,) = readers.read(file.fileno()).pages
    assert " ".join(page.text.split()) == "The harvest was good Apples and pears"


def test_real_scans_are_read(readers: Readers, samples: Path) -> None:
    for file, said in (
        ("phototest.tif", "This is a lot of 12 point text"),
        ("020.input.pdf", "Test document for 1-bit scanned PDF"),
        ("017.input.pdf", "Lorem ipsum"),
    ):
        with (samples / "text" / file).open("rb") as opened:
            found = readers.read(opened.fileno())
        assert said in found.text, file
