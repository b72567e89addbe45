from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.parsing.documents.made_pdf import grey_picture, pdf, stream, text
from tests.parsing.documents.reads import read, refused, texts

if TYPE_CHECKING:
    from webapp.parsing.documents.document import Box, Document


def boxes(document: Document, page: int = 0) -> dict[str, Box]:
    found = {word.text: word.box for word in document.pages[page].words()}
    assert None not in found.values()
    return found  # type: ignore[return-value]


def near(box: Box, *expected: float) -> bool:
    return all(abs(a - b) < 4 for a, b in zip(box, expected, strict=True))


def test_each_page_has_its_words_with_their_places() -> None:
    document = read(pdf(text((20, 50, "Hello World"), (20, 38, "again")), text((0, 0, "Last"))))
    assert texts(document) == ["Hello World\nagain", "Last"]
    page = document.pages[0]
    assert (page.number, page.width, page.height, page.origin) == (1, 200, 100, "text")
    found = boxes(document)
    assert near(found["Hello"], 20, 40, 43, 52)
    assert near(found["World"], 46, 40, 72, 52)
    assert near(found["again"], 20, 52, 45, 64)
    assert document.media.kind == "pdf"


def test_metadata_is_what_the_document_says() -> None:
    info = "/Title(On apples)/Author(Jane)/Subject(Fruit)/CreationDate(D:20240301101112+02'00')"
    found = read(pdf(text((0, 0, "x")), info=info)).metadata
    assert (found.title, found.author, found.subject) == ("On apples", "Jane", "Fruit")
    assert found.created == datetime(2024, 3, 1, 8, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("2024", datetime(2024, 1, 1)), ("D:20241399", None), ("yesterday", None), ("", None)],  # noqa: DTZ001
)
def test_dates_may_be_short_or_wrong(written: str, meant: datetime | None) -> None:
    info = f"/CreationDate({written})"
    assert read(pdf(text((0, 0, "x")), info=info)).metadata.created == meant


def test_letter_spaced_text_is_words() -> None:
    spaced = text((10, 50, "spaced out words"), before="1.2 Tc")
    assert texts(read(pdf(spaced))) == ["spaced out words"]


def test_spaces_without_room_part_nothing_and_gaps_without_a_space_do() -> None:
    tight = "BT /F1 10 Tf 10 50 Td [(a) -10 ( ) 278 (b) 0 (c) -600 (d)] TJ ET"
    assert texts(read(pdf(tight))) == ["abc d"]


def test_text_printed_twice_to_look_bold_is_there_once() -> None:
    letters = "BT /F1 10 Tf 10 50 Td (o) Tj 0.3 0 Td (o) Tj 5.6 0 Td (x) Tj 0.3 0 Td (x) Tj ET"
    assert texts(read(pdf(letters))) == ["ox"]
    lines = text((10, 50, "bold words"), (10.4, 50, "bold words"), (10, 38, "bold words"))
    assert texts(read(pdf(lines))) == ["bold words\nbold words"]


def test_words_hyphenated_at_the_end_of_a_line_are_whole() -> None:
    lines = text((10, 60, "an import-"), (10, 48, "ant word, and 2001-"), (10, 36, "2002"))
    document = read(pdf(lines))
    assert document.text.split() == ["an", "important", "word,", "and", "2001-", "2002"]
    assert near(boxes(document)["important"], 24, 30, 58, 42)


def test_dots_that_lead_to_a_number_are_one_word() -> None:
    dots = text((10, 50, "Chapter ........ 12"), before="1.5 Tc")
    assert texts(read(pdf(dots))) == ["Chapter ........ 12"]


def test_turned_text_is_read_upright_and_its_boxes_are_where_it_is_shown() -> None:
    upwards = "BT /F1 10 Tf 0 1 -1 0 50 20 Tm (Hello World) Tj ET"
    document = read(pdf(upwards))
    assert texts(document) == ["Hello World"]
    assert near(boxes(document)["Hello"], 40, 57, 52, 80)


@pytest.mark.parametrize(
    ("turn", "size", "box"),
    [
        (0, (200, 100), (20, 40, 43, 52)),
        (90, (100, 200), (48, 20, 60, 43)),
        (180, (200, 100), (157, 48, 180, 60)),
        (270, (100, 200), (40, 157, 52, 180)),
    ],
)
def test_a_page_that_is_turned_is_as_it_is_shown(
    turn: int, size: tuple[float, float], box: tuple[float, ...]
) -> None:
    document = read(pdf(text((20, 50, "Hello World")), page=f"/Rotate {turn}"))
    assert texts(document) == ["Hello World"]
    assert (document.pages[0].width, document.pages[0].height) == size
    assert near(boxes(document)["Hello"], *box)


def test_boxes_are_measured_from_the_corner_of_what_is_shown_of_the_page() -> None:
    document = read(pdf(text((60, 50, "Hello")), page="/CropBox[50 20 150 90]"))
    assert (document.pages[0].width, document.pages[0].height) == (100, 70)
    assert near(boxes(document)["Hello"], 10, 30, 33, 42)


def test_paragraphs_are_parted_by_a_blank_line() -> None:
    lines = text((10, 90, "One"), (10, 78, "and one"), (10, 40, "Two"))
    assert texts(read(pdf(lines))) == ["One\nand one\n\nTwo"]


def test_columns_are_read_one_after_the_other_as_the_document_has_them() -> None:
    lines = text((10, 80, "left"), (10, 68, "below"), (110, 80, "right"), (110, 68, "last"))
    assert document_words(lines) == ["left", "below", "right", "last"]


def document_words(content: str) -> list[str]:
    return read(pdf(content)).text.split()


def test_notes_and_what_is_filled_in_are_read_too() -> None:
    objects = (
        "<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/Contents(Please check this)>>",
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Jane Doe)/Rect[10 40 90 50]>>",
        "<</Type/Annot/Subtype/Popup/Rect[0 0 9 9]/Contents(Please check this)>>",
    )
    document = read(
        pdf(
            text((10, 80, "Form")),
            objects=objects,
            page="/Annots[10 0 R 11 0 R 12 0 R]",
            catalog="/AcroForm<</Fields[11 0 R]>>",
        )
    )
    assert texts(document) == ["Form\n\nPlease check this\n\nJane Doe"]
    assert near(boxes(document)["Doe"], 10, 50, 90, 60)


def test_files_inside_are_attachments() -> None:
    objects = (
        stream(b"what it says", "/Type/EmbeddedFile"),
        "<</Type/Filespec/F(note.txt)/UF(note.txt)/EF<</F 10 0 R>>>>",
    )
    names = "/Names<</EmbeddedFiles<</Names[(note.txt) 11 0 R]>>>>"
    document = read(pdf(text((0, 0, "x")), objects=objects, catalog=names))
    (found,) = document.attachments
    assert (found.name, found.size, found.media_type) == ("note.txt", 12, "text/plain")
    assert (found.text, found.error) == ("what it says", None)


STAMP = text((10, 5, "Received on 1 March 2024 " * 2))


@pytest.mark.parametrize(
    ("content", "origin"),
    [
        ("180 0 0 80 10 10 cm /X1 Do", "picture"),
        ("180 0 0 80 10 10 cm /X1 Do " + text((10, 5, "Page 3")), "picture"),
        (
            "q 180 0 0 80 10 10 cm /X1 Do Q " + text((10, 5, "Received on 1 March 2024 " * 2)),
            "picture",
        ),
        ("q 20 0 0 10 10 10 cm /X1 Do Q " + text((10, 5, "A letter with its logo " * 3)), "text"),
        ("10 10 m 90 90 l S", "picture"),
        ("", "text"),
        (text((10, 10, "Short.")), "text"),
    ],
)
def test_a_page_that_shows_a_picture_and_hardly_text_says_so(content: str, origin: str) -> None:
    (page,) = read(pdf(content, objects=(grey_picture(16, 16),))).pages
    assert page.origin == origin


def test_an_encrypted_document_takes_its_password() -> None:
    locked = pdf(text((10, 50, "a secret")), password="open sesame")
    assert refused(locked) == "encrypted"
    assert refused(locked, password="wrong") == "encrypted"
    assert texts(read(locked, password="open sesame")) == ["a secret"]


def test_what_is_no_pdf_inside_is_damaged() -> None:
    assert refused(b"%PDF-1.7\nnothing") == "damaged"
    assert refused(pdf(text((0, 0, "x")))[:60]) == "damaged"


def test_more_pages_than_are_taken_in_are_refused() -> None:
    assert refused(pdf(*["" for _ in range(4)]), most_pages=3) == "too_complex"


def test_the_text_of_very_long_documents_is_cut_and_says_so() -> None:
    document = read(pdf(text((10, 50, "some words")), text((10, 50, "more"))), characters=6)
    assert texts(document) == ["some w", ""]
    assert document.is_cut
    assert [word.text for word in document.pages[0].words()] == ["some", "w"]


def test_each_page_is_reported() -> None:
    told: list[dict[str, int]] = []
    read(pdf("", "", ""), report=lambda **step: told.append(step))
    assert told == [{"page": number, "of": 3} for number in (1, 2, 3)]
