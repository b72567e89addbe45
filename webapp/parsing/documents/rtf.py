"""Reads RTF: groups in braces, control words, and text in the code page of its font.

It reads all text, including headers, footnotes, comments and text boxes, and only skips pictures
and what describes the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.flow import Flow
from webapp.parsing.documents.reading import MOST_CHARACTERS

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])"
    rb"|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_DEEPEST = 500
# Groups whose text does not belong to the document.
_LEFT_OUT = frozenset(
    "fonttbl colortbl stylesheet pict objdata themedata datastore latentstyles listtable "
    "listoverridetable revtbl rsidtbl generator filetbl xmlnstbl mmathPr fldinst bkmkstart bkmkend "
    "template panose falt blipuid nonshppict userprops docvar ftnsep ftnsepc ftncn aftnsep "
    "aftnsepc aftncn sn sp picprop colorschememapping pgdsctbl wgrffmtfilter atnid atnref "
    "atnparent atntime pnseclvl passwordhash shprslt operator company category doccomm hlinkbase "
    "leveltext levelnumbers background tc xe".split()
)
# Of the optional groups ("{\*\..."), those whose text is shown.
_SHOWN = frozenset("shptxt shpinst annotation atnauthor fldrslt txe rxe ud listtext".split())
_NOTES = frozenset({"footnote", "annotation"})
_INFO = {"title": "title", "author": "author", "subject": "subject", "keywords": "keywords"}
_LINES = frozenset({"par", "line", "row", "nestrow", "sect"})
_TEXTS = {
    "tab": "\t",
    "cell": "\t",
    "nestcell": "\t",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwnj": "\u200c",
    "zwj": "\u200d",
}
_SYMBOLS = {b"~": "\N{NO-BREAK SPACE}", b"_": "\N{NON-BREAKING HYPHEN}", b"-": "\N{SOFT HYPHEN}"}
_CHARSETS = {
    0: "cp1252",
    77: "mac-roman",
    78: "cp932",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
}
_PAGES = {
    **{number: f"cp{number}" for number in (437, 850, 852, 855, 857, 860, 861, 862, 863, 864, 865)},
    **{number: f"cp{number}" for number in (866, 874, 932, 949, 950, *range(1250, 1259))},
    936: "gbk",
    10000: "mac-roman",
    10001: "cp932",
    65001: "utf-8",
}


@dataclass(slots=True)
class _Group:
    """The state within a pair of braces."""

    target: str = ""  # the destination, if it is special
    is_left_out: bool = False
    is_optional: bool = False  # after \*
    font: int = 0
    codec: str = ""
    skip: int = 1  # how many characters replace a Unicode one
    text: list[str] = field(default_factory=list)
    is_fresh: bool = True  # nothing but its destination has been read


def read(source: Source, reading: Reading) -> Metadata:
    data = source.read()
    if not data[:5].lower() == b"{\\rtf":
        raise DocumentError("damaged")
    reader = _Reader()
    reader.run(data)
    for page in reader.flow.pages or [""]:
        reading.page(page, of=len(reader.flow.pages))
    said = map(reader.info.get, ("title", "author", "subject", "keywords"))
    return Metadata.of(*said, created=reader.created)


class _Reader:
    def __init__(self) -> None:
        self.flow = Flow()
        self.info: dict[str, str] = {}
        self.created: datetime | None = None
        self._groups = [_Group()]
        self._fonts: dict[int, str] = {}
        self._codec = "cp1252"
        self._bytes = bytearray()  # of a multi-byte text
        self._high = 0  # the first half of a surrogate pair
        self._to_skip = 0
        self._length = 0
        self._date: dict[str, int] = {}

    def run(self, data: bytes) -> None:
        at = 0
        while token := _TOKEN.match(data, at):
            at = token.end()
            word, number, code, symbol, brace, text = token.groups()
            if text is not None:
                self._plain(text)
            elif code is not None:
                self._plain(bytes([int(code, 16)]))
            elif brace == b"{":
                self._open()
            elif brace == b"}":
                self._close()
            elif symbol is not None:
                self._symbol(symbol)
            elif word is not None:
                value = int(number) if number is not None else None
                if word == b"bin":
                    at += max(0, value or 0)
                else:
                    self._word(word.decode(), value)
            if self._length > MOST_CHARACTERS:
                break
        while len(self._groups) > 1:
            self._close()
        self._flush()
        self._end_line()
        self.flow.end_page()

    def _open(self) -> None:
        self._flush()
        if len(self._groups) > _DEEPEST:
            raise DocumentError("too_complex")
        group = self._groups[-1]
        inner = replace(group, is_optional=False, is_fresh=True)
        self._groups.append(inner)

    def _close(self) -> None:
        self._flush()
        if len(self._groups) == 1:
            return
        group = self._groups.pop()
        if group.text is self._groups[-1].text:
            return
        text = "".join(group.text).strip()
        if group.target in _NOTES:
            self.flow.note(text)
        elif group.target in _INFO:
            self.info[_INFO[group.target]] = text
        elif group.target == "creatim":
            self.created = _moment(self._date)
        elif text and not group.is_left_out:  # a header, a footer, a text box
            for line in text.split("\n"):
                self.flow.line(line)

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._groups[-1].is_optional = True
        elif symbol in b"\\{}":
            self._plain(symbol)
        elif symbol in _SYMBOLS:
            self._flush()
            self._say(_SYMBOLS[symbol])
        elif symbol in b"\r\n":
            self._end_line()

    def _word(self, word: str, value: int | None) -> None:
        group = self._groups[-1]
        if word == "u":
            self._unicode(value or 0)
            return
        self._flush()
        if group.is_fresh and self._begin(group, word):
            return
        if word in _LINES:
            self._end_line()
        elif word in {"page", "sbkpage", "softpage"}:
            self._end_line()
            if group.text is self._groups[0].text:
                self.flow.end_page()
        elif word in _TEXTS:
            self._say(_TEXTS[word])
        elif word == "f":
            group.font = value or 0
            group.codec = self._fonts.get(group.font, "")
        elif word == "fcharset" and group.target == "fonttbl":
            self._fonts[group.font] = _CHARSETS.get(value or 0, "")
        elif word == "uc":
            group.skip = max(0, min(value if value is not None else 1, 10))
        elif word == "ansicpg":
            self._codec = _PAGES.get(value or 0, "cp1252")
        elif word in {"mac", "pc", "pca"}:
            self._codec = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "plain":
            group.codec = ""
        elif word in {"yr", "mo", "dy", "hr", "min"} and value is not None:
            self._date[word] = value

    def _begin(self, group: _Group, word: str) -> bool:
        """Whether a word determines the purpose of a group; if so, apply it."""
        group.is_fresh = False
        is_optional = group.is_optional
        if word in _NOTES or word in _INFO or word.startswith(("header", "footer")):
            group.target, group.text = word, []
            group.is_left_out = False
        elif word == "creatim":
            group.target, group.text, self._date = word, [], {}
        elif word == "shptxt":
            group.target, group.text, group.is_left_out = word, [], False
        elif word == "atnauthor":
            self._say(" ")
            return True
        elif word in _LEFT_OUT or (is_optional and word not in _SHOWN) or word == "info":
            group.target, group.text, group.is_left_out = word, [], True
        elif is_optional:
            group.target = word
        else:
            return False
        return True

    def _unicode(self, value: int) -> None:
        self._flush()
        code = value & 0xFFFF
        group = self._groups[-1]
        if 0xD800 <= code < 0xDC00:
            if self._high:
                self._say("\ufffd")
            self._high = code
        elif 0xDC00 <= code < 0xE000:
            joined = 0x10000 + ((self._high - 0xD800) << 10) + (code - 0xDC00)
            self._say(chr(joined) if self._high else "\ufffd")
            self._high = 0
        else:
            if self._high:
                self._say("\ufffd")
            self._high = 0
            self._say(chr(code))
        self._to_skip = group.skip

    def _plain(self, text: bytes) -> None:
        self._groups[-1].is_fresh = False
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        if text and self._high:
            self._high = 0
            self._say("\ufffd")
        self._bytes += text

    def _flush(self) -> None:
        """Emit the bytes since the last control word."""
        self._to_skip = 0
        if self._bytes:
            codec = self._groups[-1].codec or self._codec
            self._say(self._bytes.decode(codec, "replace"))
            self._bytes.clear()

    def _say(self, text: str) -> None:
        group = self._groups[-1]
        if not group.is_left_out:
            self._length += len(text)
            group.text.append(text)

    def _end_line(self) -> None:
        self._flush()
        group = self._groups[-1]
        body = self._groups[0].text
        if group.text is body:
            self.flow.line("".join(body))
            body.clear()
        elif not group.is_left_out:
            group.text.append("\n")


def _moment(parts: dict[str, int]) -> datetime | None:
    year, month, day, hour, minute = (
        parts.get(name, 0) for name in ("yr", "mo", "dy", "hr", "min")
    )
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 -- RTF knows no zones
    except (ValueError, OverflowError):
        return None
