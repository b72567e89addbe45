"""The tags and texts of a bookmark file, parsed in linear time, whatever it contains.

Not as a browser parses a page: what people write about programs contains `<script>`, `<!--` and `<`
itself, and programs that write bookmark files do not always escape it. A browser would take all
that follows for the text of a script. So no element hides what is in it, a comment ends where one
is closed before the next link, and a quotation mark that is never closed quotes nothing.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piece(NamedTuple):
    """A tag, with its name in lower case and its attributes, each once; or a text, as its name.
    `source` is how it is written."""

    kind: Literal["start", "end", "text"]
    name: str
    attributes: dict[str, str]
    source: str


_SPACE: Final = re.compile(r"\s+")
_NAME: Final = re.compile(r"[^\s/><]+")
_BETWEEN: Final = re.compile(r"[\s/]*")
_ATTRIBUTE: Final = re.compile(r"=?[^\s/>=<]*")
_EQUALS: Final = re.compile(r"\s*=\s*")
_UNQUOTED: Final = re.compile(r"[^\s>]*")
# What shapes a text and is no part of it.
INLINE: Final = frozenset(
    "abbr b bdi bdo big center cite code del dfn em font i img ins kbd label mark nobr q s samp"
    " small span strike strong sub sup tt u var wbr".split()
)
LINES: Final = frozenset(
    "address article blockquote br caption dd div dl dt figure footer h1 h2 h3 h4 h5 h6 header hr"
    " li main ol p pre section table tbody td tfoot th thead tr ul".split()
)
_HIDDEN: Final = frozenset({"script", "style", "template", "svg"})
# The beginning of a link, as a plain search finds it.
LINK: Final = re.compile(r"<a\s[^<>]*?\bhref\s*=", re.IGNORECASE)
# What no value contains: the closing quotation mark before it is missing. Descriptions may contain
# links, addresses may not.
_BEYOND: Final = re.compile(r"<dt[\s>]", re.IGNORECASE)
_BEYOND_ADDRESS: Final = re.compile(r"<(?:dt[\s>]|/?a[\s>])", re.IGNORECASE)
# A character reference longer than any valid one: Python refuses to parse very long numbers.
_LONG_NUMBER: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
# In an attribute, `&copy=` is a parameter of an address, not a symbol.
_CLOSED_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z0-9]{2,32});")


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a file, in order; comments and its declaration are left out."""
    at, end = 0, len(text)
    hidden = _Hidden(text)
    while at < end:
        opened = text.find("<", at)
        if opened < 0:
            opened = end
        if opened > at:
            yield _text(text[at:opened])
        at = opened + 1
        sign = text[at : at + 1]
        if _is_letter(sign):
            name, attributes, at = _tag(text, at)
            if at > end:  # it is never closed
                return
            yield Piece("start", name, attributes, text[opened:at])
        elif sign == "/" and _is_letter(text[at + 1 : at + 2]):
            name, _, at = _tag(text, at + 1)
            yield Piece("end", name, {}, text[opened:at])
        elif sign == "!" and (beyond := hidden.end_of(at)):
            at = beyond
        elif opened < end:
            yield _text("<")


def shown(page: str) -> str:
    """The text of a page that a program has already cleaned."""
    parts: list[str] = []
    hidden: str | None = None
    for piece in pieces(page):
        if hidden is not None:
            hidden = None if piece.kind == "end" and piece.name == hidden else hidden
        elif piece.kind == "text":
            parts.append(_SPACE.sub(" ", piece.name))
        elif piece.name in LINES:
            parts.append("\n")
        elif piece.kind == "start" and piece.name in _HIDDEN:
            hidden = piece.name
    return "".join(parts)


class _Hidden:
    """Where comments and declarations end. Remembers what it found, so as to search a file once,
    not once for each comment that begins in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = {"-->": -1, ">": -1}
        self._link = -1

    def end_of(self, at: int) -> int | None:
        """The end of a comment or declaration whose `!` is here; None if it is only text."""
        if self._text.startswith("!--", at):
            closed = self._next("-->", at + 1)
            return closed + 3 if closed < self._next_link(at) else None
        if self._text[at : at + 8].lower() == "!doctype":
            closed = self._next(">", at)
            return closed + 1 if closed < len(self._text) else None
        return None

    def _next(self, ending: str, at: int) -> int:
        if self._ends[ending] < at:
            found = self._text.find(ending, at)
            self._ends[ending] = len(self._text) if found < 0 else found
        return self._ends[ending]

    def _next_link(self, at: int) -> int:
        if self._link < at:
            found = LINK.search(self._text, at)
            self._link = found.start() if found else len(self._text)
        return self._link


def _tag(text: str, at: int) -> tuple[str, dict[str, str], int]:
    """The tag whose name begins here, and where it ends: before the next `<` if it is not closed,
    beyond the end of the file if nothing follows."""
    name, at = _match(_NAME, text, at)
    attributes: dict[str, str] = {}
    while True:
        _, at = _match(_BETWEEN, text, at)
        if text.startswith("<", at):
            return name.lower(), attributes, at
        if text.startswith(">", at) or at == len(text):
            return name.lower(), attributes, at + 1
        attribute, at = _match(_ATTRIBUTE, text, at)
        attribute = attribute.lower()
        value = ""
        if equals := _EQUALS.match(text, at):
            beyond = _BEYOND_ADDRESS if attribute == "href" else _BEYOND
            value, at = _value(text, equals.end(), beyond)
        attributes.setdefault(attribute, value)


def _value(text: str, at: int, beyond: re.Pattern[str]) -> tuple[str, int]:
    """The value of an attribute that begins here, and where the rest begins."""
    quote = text[at : at + 1]
    # If the file contains no other quote, this one opens nothing: so at most two of these searches
    # are in vain.
    closing = text.find(quote, at + 1) if quote in ("'", '"') else -1
    opened = text.find("<", at + 1, closing) if closing > 0 else -1
    if closing < 0 or (opened >= 0 and beyond.search(text, opened, closing)):
        value, after = _match(_UNQUOTED, text, at)
        value = value[1:] if quote in ("'", '"') else value
    else:
        value, after = text[at + 1 : closing], closing + 1
    if "&" in value:
        value = _CLOSED_REFERENCE.sub(lambda found: unescape(found[0]), value)
    return value, after


def _match(pattern: re.Pattern[str], text: str, at: int) -> tuple[str, int]:
    """What a pattern that may match nothing finds here, and where that ends."""
    found = pattern.match(text, at)
    return (found[0], found.end()) if found else ("", at)


def _text(written: str) -> Piece:
    """A text as it is shown, with references replaced by characters."""
    shown = unescape(_LONG_NUMBER.sub("\ufffd", written)) if "&" in written else written
    return Piece("text", shown, {}, written)


def _is_letter(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()
