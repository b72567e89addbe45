"""Text from bytes whose charset is only known from what somebody says of them, if at all.

What is said is often wrong: servers say `iso-8859-1` of everything, and programs write `UTF-8`
above what they never converted. So it is compared with the bytes: a byte order mark decides; then
UTF-8, which hardly any other text is by chance; then what is said, if the bytes fit it; then what
they look like.
"""

from __future__ import annotations

import codecs
import re
import string
from itertools import islice
from typing import Final

from webencodings.labels import LABELS

# Python's codecs for names of the WHATWG Encoding Standard, where they differ. By the standard,
# `iso-8859-1` is windows-1252 and `gb2312` is GBK. Only what is in it is decoded: Python has codecs
# such as `punycode` and `idna`, which are quadratic, and `utf-7`, which hides tags from a filter.
_CODECS: Final = {
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
}
# Names in the standard of what browsers do not read.
_UNREAD: Final = frozenset({"replacement", "x-user-defined"})
# In these, letters without accents outnumber the others, as they do in the languages written so.
_LATIN: Final = frozenset(
    "windows-1250 windows-1252 windows-1254 windows-1257 windows-1258 macintosh iso-8859-2"
    " iso-8859-3 iso-8859-4 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16".split()
)
# Two or three of their bytes are now and then a character of UTF-8.
_OF_EAST_ASIA: Final = frozenset(
    {"big5", "euc-jp", "euc-kr", "gb18030", "gbk", "shift_jis", "windows-874"}
)
_WIDE: Final = frozenset({"utf-16le", "utf-16be"})
_WIDE_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LABEL: Final = re.compile(r"[a-z0-9_.:-]{1,40}")
_AS_WINDOWS_1252: Final = "as_windows_1252"
_DECLARED: Final = re.compile(
    rb"""<(?:meta\s[^>]{0,500}?charset|\?xml\s[^>]{0,100}?encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.IGNORECASE,
)
# Bytes. The standard says 1024, but a browser begins anew when it comes to a later one.
_DECLARED_WITHIN: Final = 65_536
_LOOKED_AT: Final = 262_144  # bytes from which the charset is guessed
_WORD: Final = re.compile(rb"[A-Za-z\x80-\x9f\xa1-\xff]+")
_ASCII_LETTERS: Final = string.ascii_letters.encode()
_ENOUGH: Final = 8  # letters, to judge by
_TWO_HALVES: Final = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_OTHER: Final = re.compile(r"[^\x00-\x7f\ufffd]")


def decode(body: bytes, charset: str | None, *, markup: bool = False) -> str:
    """`body` as text. `charset` is what its sender says; with `markup`, it may also say so itself.
    Never fails: what cannot be read becomes U+FFFD.
    """
    if wide := wide_codec(body[:4096]):
        return body.decode(wide, "replace").removeprefix("\ufeff")
    body = body.removeprefix(codecs.BOM_UTF8)
    said = [_name(charset)]
    if markup and (declared := _DECLARED.search(body[:_DECLARED_WITHIN])):
        name = _name(declared[1].decode("ascii", "replace"))
        # A declaration that can be read as ASCII is wrong about that.
        said.append(None if name in _WIDE else name)
    names = [name for name in said if name is not None]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        if (whole := _in_halves(body)) is not None:
            return whole
        return _of_another(body, [name for name in names if name != "utf-8"])
    if b"\x1b$" in body and (japanese := _strictly(body, "iso-2022-jp")) is not None:
        return japanese
    if names and names[0] not in _LATIN | {"utf-8"} and _is_likely(body, names[0]):
        by_chance = 5 if names[0] in _OF_EAST_ASIA else 1
        if _has_at_most(by_chance, text):
            return _strictly(body, names[0]) or text
    return text


def wide_codec(head: bytes) -> str | None:
    """The codec of a text's beginning that is in UTF-16 or UTF-32."""
    for mark, codec in _WIDE_MARKS:
        if head.startswith(mark):
            return codec
    # Without a byte order mark: in mostly ASCII text, every other byte is zero.
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 5 and min(even, odd) < len(head) // 50 + 1:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _in_halves(body: bytes) -> str | None:
    """The text of UTF-8 whose rare characters, such as emoji, are in it by halves, as Java and some
    databases write them (CESU-8); None if it is something else."""
    if _TWO_HALVES.search(body) is None:
        return None
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _of_another(body: bytes, said: list[str]) -> str:
    """The text of bytes of which not all are UTF-8."""
    for name in said:
        if _is_likely(body, name):
            text = body.decode(_codec(name), "replace")
            if text.count("\ufffd") * 20 <= len(_OTHER.findall(text)):
                return text
    text = body.decode("utf-8", "replace")
    if len(_OTHER.findall(text)) >= text.count("\ufffd"):
        # Some of it was never converted: such a text is put together from several.
        return body.decode("utf-8", _AS_WINDOWS_1252)
    from chardetng_py import EncodingDetector

    detector = EncodingDetector()
    detector.feed(body[:_LOOKED_AT], last=True)
    guess = detector.guess(tld=None, allow_utf8=False).lower()
    return body.decode(_codec(guess), "replace")


def _has_at_most(most: int, text: str) -> bool:
    """Whether so few characters are not ASCII that a text of another charset may by chance be UTF-8
    too."""
    return sum(1 for _ in islice(_OTHER.finditer(text), most + 1)) <= most


def _is_likely(body: bytes, name: str) -> bool:
    """Whether bytes may be in a charset: in a Latin one, most letters of a word have no accent."""
    if name in _WIDE:
        return b"\0" in body
    if name not in _LATIN:
        return True
    words = _WORD.findall(body[:_LOOKED_AT])
    letters = b"".join(word for word in words if not word.isascii())
    others = len(letters.translate(None, _ASCII_LETTERS))
    return others < _ENOUGH or others <= 0.6 * len(letters)


def _strictly(body: bytes, name: str) -> str | None:
    try:
        return body.decode(_codec(name))
    except UnicodeDecodeError:
        return None


def _name(label: str | None) -> str | None:
    """The standard's name for a label; None for one that is unknown or unwanted. Mails and
    documents also have Python's, such as `cp932`."""
    label = (label or "").strip().lower()
    if not _LABEL.fullmatch(label):
        return None
    name = LABELS.get(label)
    if name is None:
        try:
            name = _NAMES.get(codecs.lookup(label).name)
        except LookupError:
            return None
    return None if name in _UNREAD else name


def _codec(name: str) -> str:
    return _CODECS.get(name, name)


_NAMES: Final = {
    codecs.lookup(_codec(name)).name: name for name in LABELS.values() if name not in _UNREAD
}


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes that are not UTF-8, unless they are the beginning of a character."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    is_cut = len(bad) > 1 or error.end == len(error.object)
    return "\ufffd" if is_cut else bad.decode("cp1252", "replace"), error.end


codecs.register_error(_AS_WINDOWS_1252, _as_windows_1252)
