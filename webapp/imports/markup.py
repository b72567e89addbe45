"""The tags and texts of an HTML file, parsed in linear time, whatever it contains.

Python's own parser searches for the end of a construct again and again, so that a hundred kilobytes
of `<a/` keep it busy for minutes. This one follows the states of the HTML standard and never
rescans characters: whatever is not closed extends to the end of the file, as in a browser.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piece(NamedTuple):
    """A tag, with its name in lower case and its attributes, each once; or a text, as its name."""

    kind: Literal["start", "end", "text"]
    name: str
    attributes: dict[str, str]


# Their content is text up to their end tag, or nothing that is shown.
_RAW: Final = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noframes"})
_RAW_ENDS: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}
_SHOWN: Final = frozenset({"title", "textarea"})

_NAME: Final = re.compile(r"[^\s/>]+")
_BETWEEN: Final = re.compile(r"[\s/]*")
_ATTRIBUTE: Final = re.compile(r"=?[^\s/>=]*")
_EQUALS: Final = re.compile(r"\s*=\s*")
_UNQUOTED: Final = re.compile(r"[^\s>]*")
# A character reference longer than any valid one: Python refuses to parse very long numbers.
_LONG_NUMBER: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
# In an attribute, `&copy=` is a parameter of an address, not a symbol.
_CLOSED_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z0-9]{2,32});")


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a file, in order; comments and declarations are left out."""
    at, end = 0, len(text)
    while at < end:
        opened = text.find("<", at)
        if opened < 0:
            opened = end
        if opened > at:
            yield Piece("text", _shown(text[at:opened]), {})
        at = opened + 1
        sign = text[at : at + 1]
        if _is_letter(sign):
            name, attributes, at = _tag(text, at)
            if at > end:  # it is never closed
                return
            yield Piece("start", name, attributes)
            if name in _RAW:
                found = _RAW_ENDS[name].search(text, at)
                closing = found.start() if found else end
                if name in _SHOWN:
                    yield Piece("text", _shown(text[at:closing]), {})
                at = closing
        elif sign == "/" and _is_letter(text[at + 1 : at + 2]):
            name, _, at = _tag(text, at + 1)
            yield Piece("end", name, {})
        elif text.startswith("!--", at) and not text.startswith((">", "->"), at + 3):
            at = _after(text, "-->", at + 3)
        elif sign in ("!", "?", "/"):
            at = _after(text, ">", at)
        elif opened < end:
            yield Piece("text", "<", {})


def _tag(text: str, at: int) -> tuple[str, dict[str, str], int]:
    """The tag whose name begins here, and where it ends; beyond the end of the file if it is not
    closed."""
    name, at = _match(_NAME, text, at)
    attributes: dict[str, str] = {}
    while True:
        _, at = _match(_BETWEEN, text, at)
        if text.startswith(">", at) or at == len(text):
            return name.lower(), attributes, at + 1
        attribute, at = _match(_ATTRIBUTE, text, at)
        value = ""
        if equals := _EQUALS.match(text, at):
            value, at = _value(text, equals.end())
        attributes.setdefault(attribute.lower(), value)


def _value(text: str, at: int) -> tuple[str, int]:
    """The value of an attribute that begins here, and where the rest begins."""
    quote = text[at : at + 1]
    # If the file contains no other quote, this one opens nothing: so at most two of these searches
    # are in vain.
    closing = text.find(quote, at + 1) if quote in ("'", '"') else -1
    if closing < 0:
        value, after = _match(_UNQUOTED, text, at)
    else:
        value, after = text[at + 1 : closing], closing + 1
    if "&" in value:
        value = _CLOSED_REFERENCE.sub(lambda found: unescape(found[0]), value)
    return value, after


def _match(pattern: re.Pattern[str], text: str, at: int) -> tuple[str, int]:
    """What a pattern that may match nothing finds here, and where that ends."""
    found = pattern.match(text, at)
    return (found[0], found.end()) if found else ("", at)


def _after(text: str, ending: str, at: int) -> int:
    found = text.find(ending, at)
    return len(text) if found < 0 else found + len(ending)


def _shown(text: str) -> str:
    """A text as it is shown, with references replaced by characters."""
    return unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


def _is_letter(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()
