"""Names: the one form in which they are compared, and the one in which a tag's is written."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# White space and control characters, and the blank of Braille.
_SPACES: Final = (
    "\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u2800\\u3000"
)
# What Unicode calls ignorable: nobody sees whether a name has it. The characters that name flags
# are not among them, since flags differ by nothing else.
_IGNORED: Final = (
    "\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e"
    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U0001bca0-\\U0001bca3"
    "\\U0001d173-\\U0001d17a\\U000e0000-\\U000e001f\\U000e0080-\\U000e0fff"
)
_SPACE: Final = re.compile(f"[{_SPACES}]+")
_INVISIBLE: Final = re.compile(f"[{_IGNORED}]+")
_BLANK: Final = re.compile(f"[{_SPACES}{_IGNORED}\\U000e0020-\\U000e007f]*")
# Signs that mark a tag. An emoji that begins with one is none.
_SIGNS: Final = re.compile(f"(?:[ {_IGNORED}]*[#\\uff03\\ufe5f](?!\\ufe0f?\\u20e3))+ *")
# A name is shorter. Python sorts the accents of one letter in quadratic time.
_LONGEST: Final = 1_000


def fold(name: str) -> str:
    """What all ways to write a name have in common: it is compared and unique by this alone.

    Case, the encoding of letters, ligatures, widths, the kind and number of spaces, and what nobody
    sees do not count; accents do. The same as the database's function of this name
    (migrations/…-names.sql), by which names are unique.
    """
    if name.isascii():
        form = name.lower()
    else:
        form = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name[:_LONGEST])).lower()
        form = form.replace("ß", "ss").replace("ς", "σ").replace("i\u0307", "i")
        form = unicodedata.normalize("NFKC", form)
    return _SPACE.sub(" ", form).strip(" ")


def tag_name(written: str) -> str:
    """A tag's name as it is kept: on one line, with single spaces, and without the sign that marks
    a tag. May be empty."""
    name = _SPACE.sub(" ", written).strip(" ")
    signs = _SIGNS.match(name)
    return name[signs.end() :] if signs else name


def is_blank(text: str) -> bool:
    """Whether there is nothing in it that anybody can see."""
    return _BLANK.fullmatch(text) is not None
