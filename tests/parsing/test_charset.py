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
        (b"a\xffb", "utf-8", "a\xffb"),
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


# By the WHATWG Encoding Standard, with texts that other codecs of the same name read differently.
LABELS = [
    ("iso-8859-1", b"50 \x80 \x93q\x94", "50 € “q”"),
    ("us-ascii", b"50 \x80", "50 €"),
    ("latin1", "Größe".encode("cp1252"), "Größe"),
    ("x-sjis", "①日本語".encode("cp932"), "①日本語"),
    ("windows-31j", "日本語".encode("cp932"), "日本語"),
    ("x-euc-jp", "日本の庭園".encode("euc_jp"), "日本の庭園"),
    ("csISO2022JP", "日本の庭園".encode("iso2022_jp"), "日本の庭園"),
    ("gb2312", "镕€花园".encode("gb18030"), "镕€花园"),
    ("x-gbk", "春天的花园".encode("gb18030"), "春天的花园"),
    ("big5-hkscs", "春天的花園".encode("big5hkscs"), "春天的花園"),
    ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
    ("windows-874", "รั้วสวน".encode("cp874"), "รั้วสวน"),
    ("dos-874", "แกง".encode("cp874"), "แกง"),
    ("x-cp1251", "сад".encode("cp1251"), "сад"),
    ("koi", "сад".encode("koi8-r"), "сад"),
    ("x-mac-cyrillic", "сад".encode("mac-cyrillic"), "сад"),
    ("cyrillic", "сад".encode("iso8859-5"), "сад"),
    ("logical", "גינה".encode("iso8859-8"), "גינה"),
    ("greek", "κήπος".encode("iso8859-7"), "κήπος"),
    ("latin5", "bahçe ağaç".encode("cp1254"), "bahçe ağaç"),
    ("x-x-big5", "花園".encode("big5"), "花園"),
    ("unicode11utf8", "Größe".encode(), "Größe"),
    ("utf-16le", "春天\n".encode("utf-16-le"), "春天\n"),
    (" UTF8 ", "Größe".encode(), "Größe"),
    ("cp932", "日本語".encode("cp932"), "日本語"),  # in mails
]


@pytest.mark.parametrize(("label", "body", "expected"), LABELS)
def test_labels_mean_what_they_mean_to_browsers(label: str, body: bytes, expected: str) -> None:
    assert decode(body, label) == expected


TITLES = {
    "cp1252": "Zwölf Gärten",
    "cp1251": "Русские сады",
    "koi8-r": "Съешь же ещё этих мягких булок",
    "cp1253": "Ο κήπος της άνοιξης",
    "cp932": "日本語の題名",
    "euc_jp": "日本の庭園について",
    "gb18030": "春天的花园里有很多花",
    "big5": "春天的花園裡有很多花",
    "cp949": "우리 집 정원에는 꽃이 많이 핍니다",
    "cp874": "รั้วสวน สวนของเรา",
}


@pytest.mark.parametrize("codec", TITLES)
@pytest.mark.parametrize("said", [None, "utf-8", "iso-8859-1"])
def test_a_wrong_label_is_found_out_by_the_bytes(codec: str, said: str | None) -> None:
    page = f'<DT><A HREF="https://example.com/1">{TITLES[codec]}</A>'
    assert decode(page.encode(codec), said) == page
    assert decode(page.encode(), said) == page


def test_what_was_never_converted_is_read_beside_what_was() -> None:
    body = "Größe, Gärten, ".encode() + "Zwölf".encode("cp1252")
    assert decode(body, "utf-8") == "Größe, Gärten, Zwölf"
    assert decode("Größe, 50 €".encode()[:-1], None) == "Größe, 50 \ufffd"


@pytest.mark.parametrize("said", ["utf-16", "utf-16be", "unicode"])
def test_what_has_one_byte_for_a_letter_is_not_utf_16(said: str) -> None:
    for text in ("Gardens!", "Gärten!", "Garden"):
        assert decode(text.encode(), said) == text


def test_characters_that_were_written_by_halves_are_whole() -> None:
    halves = "Gärten \ud83c\udf33\ud83c\udf33 \ud83c".encode("utf-8", "surrogatepass")
    assert decode(halves, None) == "Gärten \U0001f333\U0001f333 \ufffd"
    assert decode("así\xa0» seré".encode("cp1252"), "iso-8859-1") == "así\xa0» seré"


def test_a_page_may_be_right_where_its_server_is_wrong() -> None:
    page = '<title>Русские сады</title><meta charset="windows-1251">'
    assert decode(page.encode("cp1251"), "iso-8859-1", markup=True) == page


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_or_every_other_byte_decides(codec: str) -> None:
    assert decode("Garden, Gärten".encode(codec), "iso-8859-1") == "Garden, Gärten"
