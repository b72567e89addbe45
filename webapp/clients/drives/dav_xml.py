"""Reads what WebDAV servers answer to PROPFIND.

The server is a stranger's, so its XML is too. Instead of a tree that it could make grow, this keeps
a handful of short texts; a document type, and with it every entity, is refused; and size, depth and
number of elements are bounded. So it needs no process of its own: parsing takes at most a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MOST_BYTES: Final = 16_000_000
_MOST_ELEMENTS: Final = 200_000
_DEEPEST: Final = 32
_LONGEST: Final = 4_096  # characters of a text
_MOST_PREFIXES: Final = 50  # declared by one element

# Names are resolved here rather than by expat, which would repeat a namespace's address in the name
# of every element: a megabyte times a hundred thousand.
_NAMESPACES: Final = {"DAV:": "d", "http://owncloud.org/ns": "oc"}
_TEXTS: Final = frozenset(
    {"d:href", "d:status", "d:getcontentlength", "d:getetag", "d:getlastmodified", "oc:fileid"}
)


class NotDav(Exception):
    """This is no answer to PROPFIND."""


@dataclass(slots=True)
class Response:
    """One file or folder. `found` has the texts of properties that exist, by name: `d:getetag`."""

    href: str = ""
    status: str = ""
    is_folder: bool = False
    found: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Properties:
    """A group of properties, which exist or not by the status that follows them."""

    status: str = ""
    is_folder: bool = False
    found: dict[str, str] = field(default_factory=dict)


def responses_in(body: bytes) -> list[Response]:
    """The responses of a multistatus document. Raises NotDav."""
    if len(body) > MOST_BYTES:
        raise NotDav
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise NotDav from None
    if not reader.is_dav:
        raise NotDav
    return reader.responses


class _Reader:
    def __init__(self) -> None:
        self.responses: list[Response] = []
        self.is_dav = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._prefixes: list[dict[str, str]] = [{}]
        self._open: list[str] = []
        self._elements = 0
        self._said: list[str] = []
        self._length = 0
        self._properties = _Properties()

    def _refuse(self, *_: object) -> None:
        raise NotDav

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS or len(self._open) >= _DEEPEST:
            raise NotDav
        prefixes = self._prefixes[-1]
        declared = {
            name.partition(":")[2]: _NAMESPACES.get(address, "")
            for name, address in attributes.items()
            if name == "xmlns" or name.startswith("xmlns:")
        }
        if len(declared) > _MOST_PREFIXES:
            raise NotDav
        self._prefixes.append(prefixes | declared if declared else prefixes)
        name = self._resolved(tag)
        if not self._open:
            self.is_dav = name == "d:multistatus"
        self._open.append(name)
        self._said, self._length = [], 0
        match self._open:
            case ["d:multistatus", "d:response"]:
                self.responses.append(Response())
            case ["d:multistatus", "d:response", "d:propstat"]:
                self._properties = _Properties()
            case [_, _, "d:propstat", "d:prop", "d:resourcetype", "d:collection"]:
                self._properties.is_folder = True

    def _text(self, text: str) -> None:
        if self._open[-1] in _TEXTS:
            self._length += len(text)
            if self._length > _LONGEST:
                raise NotDav
            self._said.append(text)

    def _end(self, _tag: str) -> None:
        said = "".join(self._said).strip()
        self._said = []
        match self._open:
            case ["d:multistatus", "d:response", "d:href"]:
                self.responses[-1].href = said
            case ["d:multistatus", "d:response", "d:status"]:
                self.responses[-1].status = said
            case ["d:multistatus", "d:response", "d:propstat", "d:status"]:
                self._properties.status = said
            case ["d:multistatus", "d:response", "d:propstat", "d:prop", name] if name in _TEXTS:
                self._properties.found[name] = said
            case ["d:multistatus", "d:response", "d:propstat"]:
                self._close_properties()
        self._open.pop()
        self._prefixes.pop()

    def _close_properties(self) -> None:
        if " 200 " in f"{self._properties.status} ":
            self.responses[-1].found |= self._properties.found
            self.responses[-1].is_folder |= self._properties.is_folder

    def _resolved(self, tag: str) -> str:
        prefix, _, local = tag.rpartition(":")
        namespace = self._prefixes[-1].get(prefix, "")
        return f"{namespace}:{local}" if namespace else ""
