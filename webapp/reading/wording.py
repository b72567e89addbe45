"""Makes text fit to store: cleaned, on one line, and no longer than a column allows.

Lengths are Unicode code points, as in `len` and PostgreSQL's `char_length`.
"""

from __future__ import annotations

import functools
import re
import unicodedata

ELLIPSIS = "…"

# PostgreSQL refuses NUL and UTF-8 refuses lone surrogates; the other control characters and the
# bidirectional overrides could make a list of titles show what is not written there.
_UNFIT = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u200b\u202a-\u202e\u2066-\u2069\ufeff]"
)
_SPACE = re.compile(r"\s+")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

# How far back a cut may look for a place between two graphemes. Real ones, families of emoji
# included, are shorter; a base under a thousand accents is not worth the walk.
_LONGEST_GRAPHEME = 32
_JOINER = "\u200d"
_DANGLING = " \t\n,;:([{<«„“‘¿¡-–—/&|·、，；："


def clean(text: str) -> str:
    """`text` without what cannot be stored or shown safely; every line ends with a bare LF."""
    return _LINE_END.sub("\n", _UNFIT.sub("", text))


def one_line(text: str) -> str:
    """`text` cleaned, on a single line, with single spaces and none at its ends."""
    return _SPACE.sub(" ", clean(text)).strip()


def shows(text: str) -> bool:
    """Whether any of it can be seen: joiners and marks without a letter cannot."""
    return any(unicodedata.category(character)[0] in "LNPS" for character in text)


def shorten(text: str, limit: int, *, mark: str = ELLIPSIS) -> str:
    """`text` in at most `limit` characters, cut between words, the cut shown by `mark`.

    A text without a space in its second half (Chinese, an address, a very long word) is cut between
    two graphemes instead. Empty only when `text` is.
    """
    text = text.strip()
    if len(text) <= limit:
        return text
    room = max(1, limit - len(mark))
    cut = room
    if not text[cut].isspace():
        border = max(text.rfind(" ", 0, cut), text.rfind("\n", 0, cut))
        cut = border if border >= room // 2 else grapheme_border(text, cut)
    kept = text[:cut].rstrip(_DANGLING) or text[:cut].strip() or text[:room]
    return (kept + mark)[:limit]


def grapheme_border(text: str, cut: int) -> int:
    """The nearest index at or before `cut` that does not part a letter from its marks.

    Covers combining marks, joined emoji, skin tones and flags; it is not the whole of UAX 29,
    which the standard library does not carry.
    """
    for index in range(cut, max(0, cut - _LONGEST_GRAPHEME), -1):
        if index >= len(text) or not _continues(text, index):
            return index
    return cut


def _continues(text: str, index: int) -> bool:
    character, before = text[index], text[index - 1]
    if before == _JOINER or character == _JOINER or "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    if unicodedata.category(character) in {"Mn", "Mc", "Me"}:
        return True
    if not is_flag_half(character):
        return False
    halves = 0
    while halves < index and is_flag_half(text[index - 1 - halves]):
        halves += 1
    return halves % 2 == 1


def is_flag_half(character: str) -> bool:
    """Whether this is a regional indicator; two of them make a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def tag_name(text: str, limit: int = 50) -> str:
    """`text` as a tag's name: one line, no hash before it, cut without a mark. May be empty."""
    name = one_line(text)
    bare = name.lstrip("#").strip()
    return shorten(bare, limit, mark="").strip()


def fold(text: str) -> str:
    """What two spellings of a tag have in common: case and Unicode form do not count."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _marks_in_excess().sub(r"\1", text))
    return text.casefold()


@functools.cache
def _marks_in_excess() -> re.Pattern[str]:
    """Marks beyond the thirtieth on one letter, which no language has: Python sorts them in
    quadratic time."""
    marks = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000))))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")
