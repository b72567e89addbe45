"""Plain text, HTML and RTF."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.parsing.documents.reads import read, refused, texts
from webapp.parsing.documents.reading import clean


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_read_in_whichever_encoding(codec: str) -> None:
    written = "Grüße aus Köln, und so weiter und so fort."
    assert texts(read(written.encode(codec))) == [written]


def test_form_feeds_part_pages() -> None:
    assert texts(read(b"One\n\fTwo\r\nand a half\f")) == ["One", "Two\nand a half", ""]


def test_what_a_database_or_a_reader_cannot_use_is_left_out() -> None:
    assert clean("a\0b\x1b[1m\ud800c \t\r\nd\n\n\n\n\n\ne\u2028f\f") == "ab[1mc\nd\n\n\ne\nf"


def test_values_and_xml_are_text() -> None:
    assert read(b"a;b\n1;2\n3;4").media.kind == "sheet"
    assert texts(read(b"<?xml version='1.0'?><a><b>One</b> <c>Two\n three</c></a>")) == [
        "One\nTwo three"
    ]


def test_all_of_a_page_is_read() -> None:
    document = read(
        b"<!doctype html><html><head><title>On apples</title><meta name=author content=Jane>"
        b"<meta name=keywords content='fruit, trees'><style>p {}</style></head><nav>Menu</nav>"
        b"<h1>Head</h1><p>One\n   line<br>next &amp; last</p><script>no()</script>"
        b"<table><tr><td>a<td>b<tr><td>c<td>d</table><ul><li>x<li>y</ul>"
        b"<pre>  kept\n   so</pre><img alt='A tree'><input value=Jane><footer>End</footer>"
    )
    assert texts(document) == [
        "Menu\n\nHead\n\nOne line\nnext & last\n\na\tb\nc\td\n\nx\ny\n\n  kept\n   so\n\n"
        "A treeJane\nEnd"
    ]
    found = document.metadata
    assert (found.title, found.author, found.keywords) == ("On apples", "Jane", "fruit, trees")


@pytest.mark.long
def test_a_page_that_is_wrong_about_its_charset_is_read_all_the_same() -> None:
    arabic = "في قرية من القرى كان هناك رجل حكيم يعيش بسلام وانسجام مع الناس " * 3
    page = f"<html><meta charset=utf-8><p>{arabic}".encode("cp1256")
    assert "رجل حكيم" in read(page).text


def test_a_page_nested_beyond_reason_is_refused() -> None:
    assert refused(b"<html>" + b"<div>" * 5_000) == "too_complex"


def test_rtf_is_text_in_the_code_page_of_its_font() -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}{\f1\fcharset238 Times;}"
        rb"{\f2\fcharset128 Mincho;}}{\colortbl;\red0;}{\*\generator x;}"
        rb"{\info{\title On apples}{\author Jane}{\creatim\yr2024\mo3\dy1\hr10\min11}}"
        rb"\pard Gr\'fc\'dfe\par{\f1 \'bf\'f3\'b3w}\tab{\f2 \'93\'8c\'8b\'9e}\par"
        rb"\u8364?\u-10179?\u-8703?\emdash\{x\}\~y\par}"
    )
    document = read(data)
    assert texts(document) == ["Grüße\nżółw\t東京\n€\U0001f601—{x}\N{NO-BREAK SPACE}y"]
    found = document.metadata
    assert (found.title, found.author) == ("On apples", "Jane")
    assert found.created == datetime(2024, 3, 1, 10, 11)  # noqa: DTZ001


def test_rtf_has_headers_footnotes_fields_and_pages_and_no_pictures() -> None:
    data = (
        rb"{\rtf1{\header Head\par}One{\footnote A note}{\pict\pngblip 89504e47}"
        rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\*\unknown gone}\page Two"
        rb"{\trowd a\cell b\cell\row}{\bin5 }}}}}last}"
    )
    assert texts(read(data)) == ["Head\nOnelink\n\nA note", "Twoa\tb\nlast"]


def test_rtf_with_too_many_groups_is_refused() -> None:
    assert refused(rb"{\rtf1" + b"{" * 2_000) == "too_complex"
