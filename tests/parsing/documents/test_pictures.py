"""Pictures as documents, and pictures of documents."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from PIL import Image

from tests.parsing.documents.made import zipped
from tests.parsing.documents.made_pdf import pdf, text
from tests.parsing.documents.reads import read, refused
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.tasks import picture


def picture_file(
    form: str = "png", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "webp", "tiff", "bmp", "avif"])
def test_a_picture_is_a_page_of_its_size_that_is_to_be_read_yet(form: str) -> None:
    document = read(picture_file(form))
    (page,) = document.pages
    assert (page.width, page.height, page.origin, page.text) == (60, 40, "picture", "")
    assert document.media.kind == "image"


def test_each_page_of_a_tiff_is_a_page() -> None:
    second = Image.new("1", (30, 50))
    data = picture_file("tiff", save_all=True, append_images=[second])
    sizes = [(page.width, page.height) for page in read(data).pages]
    assert sizes == [(60, 40), (30, 50)]


def test_what_the_camera_noted_is_metadata_and_says_which_way_is_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "An apple"
    exif[0x013B] = "Jane"
    exif[0x0132] = "2024:03:01 10:11:12"
    document = read(picture_file("jpeg", exif=exif))
    assert (document.pages[0].width, document.pages[0].height) == (40, 60)
    found = document.metadata
    assert (found.title, found.author) == ("An apple", "Jane")
    assert found.created == datetime(2024, 3, 1, 10, 11, 12)  # noqa: DTZ001


def test_pictures_that_are_too_large_or_broken_are_refused() -> None:
    huge = picture_file().replace(b"\0\0\0\x3c\0\0\0\x28", b"\0\0\xff\xff\0\0\xff\xff")
    assert refused(huge) in {"too_complex", "damaged"}
    assert refused(picture_file()[:20]) == "damaged"
    assert refused(b"\0\0\0\x18ftypheic" + bytes(40)) == "unsupported"


def taken(tmp: Any, data: bytes, **asked: Any) -> Image.Image:
    path = tmp / "document"
    path.write_bytes(data)
    given = {
        "name": "",
        "password": None,
        "page": 1,
        "width": 100,
        "height": 100,
        "format": "webp",
        **asked,
    }
    with path.open("rb") as file:
        answer = picture.main(file.fileno(), given, lambda **_: None)
    return Image.open(io.BytesIO(answer))


@pytest.mark.parametrize("form", ["webp", "jpeg", "png"])
def test_a_page_of_a_pdf_is_a_picture_that_fits(tmp_path: Any, form: str) -> None:
    black = pdf("", "0 0 0 rg 0 0 200 100 re f")
    found = taken(tmp_path, black, page=2, width=80, height=80, format=form)
    assert (found.format or "").lower() == form
    assert found.size == (80, 40)
    assert found.convert("L").getextrema()[1] < 10
    assert taken(tmp_path, black).convert("L").getextrema() == (255, 255)


def test_a_turned_page_is_shown_upright(tmp_path: Any) -> None:
    assert taken(tmp_path, pdf(text((0, 0, "x")), page="/Rotate 90")).size == (50, 100)


def test_a_picture_becomes_smaller_and_never_larger(tmp_path: Any) -> None:
    assert taken(tmp_path, picture_file(size=(600, 300))).size == (100, 50)
    assert taken(tmp_path, picture_file(size=(6, 3))).size == (6, 3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "LA"])
@pytest.mark.parametrize("form", ["webp", "jpeg", "png"])
def test_pictures_of_all_colours_become_pictures(tmp_path: Any, mode: str, form: str) -> None:
    data = picture_file("tiff" if mode != "P" else "gif", mode=mode)
    assert taken(tmp_path, data, format=form).size == (60, 40)


def test_a_picture_that_lies_on_its_side_is_put_upright(tmp_path: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert taken(tmp_path, picture_file("jpeg", exif=exif)).size == (40, 60)


def test_a_document_may_carry_a_picture_of_itself(tmp_path: Any) -> None:
    data = zipped({"word/document.xml": "<a/>", "docProps/thumbnail.jpeg": picture_file("jpeg")})
    assert taken(tmp_path, data).size == (60, 40)


@pytest.mark.parametrize(
    ("data", "page", "code"),
    [
        (b"", 1, "empty"),
        (b"words", 1, "unsupported"),
        (zipped({"word/document.xml": "<a/>"}), 1, "unsupported"),
        (pdf(""), 2, "no_such_page"),
        (picture_file("tiff"), 2, "no_such_page"),
        (picture_file(size=(300, 300))[:100], 1, "damaged"),
        (b"%PDF-1.7", 1, "damaged"),
    ],
)
def test_where_there_is_no_picture_it_says_why(
    tmp_path: Any, data: bytes, page: int, code: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        taken(tmp_path, data, page=page)
    assert caught.value.code == code
