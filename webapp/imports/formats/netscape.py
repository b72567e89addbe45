"""Netscape's bookmark file, as browsers, Pocket, Karakeep, linkding, Shaarli and Coffer write it.

It is only defined by what they write: an `A` for each link, a `DD` after it with a description, an
`H3` and a `DL` for each folder, none of them reliably closed, and texts not reliably escaped.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.format import Contents, Format, Link
from webapp.imports.markup import INLINE, LINES, LINK, pieces
from webapp.imports.texts import path, readable, summary, tags, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.markup import Piece
    from webapp.imports.texts import Path

# The folders that browsers themselves make say nothing about what is in them.
_OWN_FOLDERS: Final = ("personal_toolbar_folder", "unfiled_bookmarks_folder")
# By one of these an `A` is a bookmark, also where a description could still go on.
_OF_BOOKMARKS: Final = frozenset(
    "add_date date_added description icon icon_uri last_charset last_modified last_visit private"
    " shortcuturl tags time_added toread".split()
)
# The tag by which linkding itself writes that a bookmark is archived.
_ARCHIVED: Final = "linkding:bookmarks.archived"
# What Pocket writes above what was read.
_READ: Final = "read archive"
_NOTES: Final = ("[linkding-notes]", "[/linkding-notes]")
# What Coffer writes at the beginning: all tags are with their links, and no folder is one.
_COFFERS_OWN: Final = '<META NAME="generator" CONTENT="Coffer">'
_HEAD: Final = 1000


class _Bookmark:
    """A bookmark whose texts are still to come. `mark` is the tag that said that it begins."""

    __slots__ = ("attributes", "description", "folder", "is_read", "mark", "title")

    def __init__(
        self,
        attributes: dict[str, str],
        folder: Path,
        mark: str | None,
        *,
        is_read: bool,
    ) -> None:
        self.attributes = attributes
        self.folder = folder
        self.is_read = is_read
        self.mark = mark
        self.title: list[str] = []
        self.description: list[str] = []

    def as_link(self, number: int) -> Link:
        given = self.attributes
        described = "".join(self.description)
        if _NOTES[0] in described:
            for mark in _NOTES:
                described = described.replace(mark, "\n\n")
        names = _names(given)
        kept = [name for name in names if not _says_archived(name)]
        return Link(
            number,
            given.get("href", "").strip(),
            title=title("".join(self.title)),
            summary=summary(described, given.get("description")),
            tags=tags(kept),
            added=seconds(given.get("add_date") or given.get("time_added")),
            is_read=self.is_read or given.get("toread") == "0" or len(kept) < len(names),
            is_favourite=given.get("data-favourite") == "1",
            folders=[self.folder],
        )


def _names(attributes: dict[str, str]) -> list[Any]:
    """The names of a bookmark's tags. Coffer writes those with commas once more, as JSON."""
    with suppress(ValueError, RecursionError):
        names = json.loads(attributes.get("data-tags", ""))
        if isinstance(names, list):
            return names
    return attributes.get("tags", "").split(",")


def _says_archived(name: Any) -> bool:
    return isinstance(name, str) and name.strip().lower() == _ARCHIVED


class _Reading:
    """The bookmarks of a file, in order. `in_texts` counts links that are no bookmarks, because
    they are in a text."""

    def __init__(self, text: str) -> None:
        self.in_texts = 0
        self._pieces = pieces(text)
        self._bookmark: _Bookmark | None = None
        self.folders: dict[Path, None] = {}  # all of them, in order
        self._open: list[Path] = []  # those that are open
        self._folder: list[str] | None = None  # the name of the next one
        self._heading: list[str] | None = None  # what an open heading of the file's own says
        self._is_archive = False  # whether what follows was read, as Pocket's last heading says
        self._mark: str | None = None  # the tag by which the next bookmark begins
        self._into: list[str] | None = None  # where the next texts go
        self._described: list[str] | None = None  # where those of a following DD go
        self._link: tuple[str, int] | None = None  # a link in a text: its address, and where

    def links(self) -> Iterator[Link]:
        for number, bookmark in enumerate(self._bookmarks(), start=1):
            yield bookmark.as_link(number)

    def _bookmarks(self) -> Iterator[_Bookmark]:
        for piece in self._pieces:
            if piece.kind == "text":
                if self._into is not None:
                    self._into.append(piece.name)
                continue
            if "<" in piece.source[1:]:
                self.in_texts += len(LINK.findall(piece.source, 1))
            if piece.kind == "end":
                self._end(piece)
            elif piece.name != "a":
                self._start(piece)
            elif self._is_bookmark(piece.attributes):
                if self._bookmark is not None:
                    yield self._bookmark
                self._begin(piece.attributes)
            else:
                self._mention(piece)
        self._end_link()
        if self._bookmark is not None:
            yield self._bookmark

    def _is_bookmark(self, attributes: dict[str, str]) -> bool:
        """Whether an `A` is a bookmark: not in a description, unless its attributes say so, or
        the file does not say where bookmarks begin."""
        if not _OF_BOOKMARKS.isdisjoint(attributes):
            return True
        if self._into is None:
            return "href" in attributes
        if not attributes.get("href"):
            return False
        is_description = self._into is self._described
        return not is_description or (self._bookmark is not None and self._bookmark.mark is None)

    def _begin(self, attributes: dict[str, str]) -> None:
        self._end_link()
        self._bookmark = _Bookmark(attributes, self._around(), self._mark, is_read=self._is_archive)
        self._mark = None
        self._into, self._described = self._bookmark.title, self._bookmark.description

    def _around(self) -> Path:
        return self._open[-1] if self._open else ()

    def _mention(self, piece: Piece) -> None:
        """A link in a text, or the beginning of one that leads nowhere."""
        self._end_link()
        self.in_texts += LINK.match(piece.source) is not None
        if self._into is None:
            return
        if address := piece.attributes.get("href"):
            self._link = address, len(self._into)
        else:
            self._into.append(piece.source)

    def _end_link(self) -> None:
        """Write the address of a link in a text behind what it is called, unless that says it."""
        if self._link is None or self._into is None:
            return
        address, at = self._link
        self._link = None
        called = "".join(self._into[at:]).strip()
        if called.rstrip("/") not in (address.rstrip("/"), address.partition("//")[2].rstrip("/")):
            self._into.append(f" ({address})" if called else address)

    def _start(self, piece: Piece) -> None:
        name = piece.name
        if name == "li" and self._is_in_list():
            self._say("\n- ")
        elif name in ("dt", "li"):
            self._leave()
            self._mark = name
        elif name == "dd":
            self._leave()
            self._into = self._described
            self._say("\n")
        elif name == "h1" and (self._into is None or self._into is self._heading):
            self._into = self._heading = []
            self._is_archive = False
        elif name == "h3":
            self._leave()
            is_browsers = any(each in piece.attributes for each in _OWN_FOLDERS)
            self._folder = self._into = None if is_browsers else []
            self._described = []  # nothing is made of a folder's description
        elif name == "dl":
            self._leave()
            # Shortened here, not for each link: a folder may have a long name, many folders around
            # it and many links in it.
            folder = self._around()
            if self._folder:
                folder = path([*folder, "".join(self._folder)])
                self.folders[folder] = None
            self._open.append(folder)
            self._folder = None
        else:
            self._shape(piece)

    def _end(self, piece: Piece) -> None:
        name = piece.name
        if name == "a" and self._link is not None:
            self._end_link()
        elif name == "h1" and self._heading is not None and self._into is self._heading:
            self._is_archive = "".join(self._heading).strip().lower() == _READ
            self._leave()
        elif name in ("a", "h3", "dl", "dd", "dt"):
            is_of_text = name == "a" and self._into is self._described
            if not is_of_text:
                self._leave()
            if name == "dl" and self._open:
                self._open.pop()
        else:
            self._shape(piece)

    def _is_in_list(self) -> bool:
        """Whether an `LI` is in a list of a description."""
        is_in_text = self._into is not None and self._into is self._described
        return is_in_text and (self._bookmark is None or self._bookmark.mark != "li")

    def _shape(self, piece: Piece) -> None:
        if piece.name in LINES:
            self._say("\n")
        elif piece.name not in INLINE:
            self._say(piece.source)

    def _leave(self) -> None:
        self._end_link()
        self._into = None

    def _say(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)


def _read(text: str) -> Contents:
    text = readable(text)
    reading = _Reading(text)
    return Contents(
        reading.links(),
        counted=lambda: sum(1 for _ in LINK.finditer(text)) - reading.in_texts,
        folders=lambda: reading.folders,
        folders_are_tags=_COFFERS_OWN not in text[:_HEAD],
    )


FORMAT: Final = Format("bookmarks", "bookmarks", _read)
