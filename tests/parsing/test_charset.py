"""Text from bytes whose character set is not certain."""

from __future__ import annotations

import pytest

from webapp.parsing.charset import decode


@pytest.mark.parametrize(
    ("body", "charset", "expected"),
    [
        ("Grün".encode(), None, "Grün"),
        ("Grün".encode("latin-1"), "iso-8859-1", "Grün"),
        (b"\x93quoted\x94", "ISO-8859-1", "\u201cquoted\u201d"),
        ("Grün".encode("utf-8-sig"), "iso-8859-1", "Grün"),
        ("Grün".encode("utf-16"), None, "Grün"),
        ("日本語".encode("shift_jis"), "Shift_JIS", "日本語"),
        ("Grün".encode(), "no-such-charset", "Grün"),
        ("Grün".encode(), "punycode", "Grün"),
        ("Grün".encode(), "zlib", "Grün"),
        ("Grün".encode(), "utf-7\0", "Grün"),
        (b"a\xffb", "utf-8", "a\ufffdb"),
        (b'<meta charset="windows-1251">' + "мир".encode("cp1251"), None, "мир"),
        (b'<?xml version="1.0" encoding="koi8-r"?>' + "мир".encode("koi8-r"), None, "мир"),
        (b'<meta charset="utf-16">' + "мир".encode(), None, "мир"),
        (b'<meta charset="koi8-r">' + "мир".encode("cp1251"), "windows-1251", "мир"),
    ],
)
def test_charset_comes_from_mark_then_server_then_page(
    body: bytes, charset: str | None, expected: str
) -> None:
    assert decode(body, charset, markup=True).endswith(expected)


def test_plain_text_does_not_declare_its_own_charset() -> None:
    assert decode(b'<meta charset="koi8-r">' + "мир".encode(), None).endswith("мир")


@pytest.mark.long
def test_an_undeclared_charset_is_guessed() -> None:
    russian = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 5
    assert decode(russian.encode("cp1251"), None) == russian
