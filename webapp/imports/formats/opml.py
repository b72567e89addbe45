"""OPML, as feed readers write their subscriptions: an `outline` with an `xmlUrl` for each feed, in
outlines that are folders.

Read as bookmark files are, since many are no valid XML, and because nothing is expanded or fetched
then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from webapp.imports.format import Contents, Format, Refused, Subscription
from webapp.imports.markup import pieces
from webapp.imports.texts import path, readable, tags, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.format import Entry
    from webapp.imports.texts import Path

_HEAD: Final = re.compile(r"<opml[\s>]", re.IGNORECASE)
_HEAD_WITHIN: Final = 100_000
_ADDRESS: Final = re.compile(r"\bxmlurl\s*=", re.IGNORECASE)
# What a feed is called where its address is only in `url`, by `type`.
_FEEDS: Final = frozenset({"rss", "rss1", "rdf", "atom", "feed"})
_OTHERS: Final = {
    "link": "It leads to a page, not to a feed.",
    "include": "It leads to another file.",
}


class _Reading:
    """The feeds of a file, in order."""

    def __init__(self, text: str) -> None:
        self._pieces = pieces(text)
        self.is_whole = False
        self.hidden = 0  # feeds that are in a value, because a quotation mark is missing
        self.folders: dict[Path, None] = {}  # all of them, in order
        self._open: list[Path] = []  # what is open: folders, or feeds, which are none

    def entries(self) -> Iterator[Entry]:
        number = 0
        for piece in self._pieces:
            if piece.kind == "end":
                self._end(piece.name)
            elif piece.kind == "start" and piece.name == "outline":
                addresses = len(_ADDRESS.findall(piece.source))
                self.hidden += addresses - ("xmlurl" in piece.attributes)
                entry = self._outline(number + 1, piece.attributes)
                if not piece.source.endswith("/>"):
                    self._enter(piece.attributes, is_folder=entry is None)
                if entry is not None:
                    number += 1
                    yield entry

    def _outline(self, number: int, given: dict[str, str]) -> Entry | None:
        """A feed, or what is none and no folder."""
        kind = given.get("type", "").strip().lower()
        address = given.get("xmlurl", given.get("url") if kind in _FEEDS else None)
        if address is None:
            said = _OTHERS.get(kind)
            return None if said is None else Refused(number, said, given.get("url"))
        return Subscription(
            number,
            _of_the_web(address.strip()),
            name=title(given.get("text")) or title(given.get("title")),
            tags=tags(each.rpartition("/")[2] for each in given.get("category", "").split(",")),
            folder=self._around(),
        )

    def _enter(self, given: dict[str, str], *, is_folder: bool) -> None:
        folder = self._around()
        if is_folder:
            # Shortened here: a folder may have a long name and many folders around it.
            folder = path([*folder, given.get("text") or given.get("title") or ""])
            self.folders[folder] = None
        self._open.append(folder)

    def _end(self, name: str) -> None:
        if name == "outline" and self._open:
            self._open.pop()
        self.is_whole |= name == "opml"

    def _around(self) -> Path:
        return self._open[-1] if self._open else ()

    def lacking(self) -> str | None:
        return None if self.is_whole else "The file has no end: it may have been cut."


def _of_the_web(address: str) -> str:
    """The address of a feed that is written as one for feed readers."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() != "feed":
        return address
    return f"http:{rest}" if rest.startswith("//") else rest


def _read(text: str) -> Contents | None:
    if not _HEAD.search(text, 0, _HEAD_WITHIN):
        return None
    reading = _Reading(readable(text))
    entries = list(reading.entries())
    return Contents(
        entries,
        counted=lambda: len(entries) + reading.hidden,
        lacking=reading.lacking,
        folders=lambda: reading.folders,
    )


FORMAT: Final = Format("opml", "outlines", _read)
