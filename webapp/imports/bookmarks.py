"""Netscape's bookmark file, as browsers, Pocket, Karakeep, linkding and Coffer itself write it.

It has no other definition than what they write: an `A` for each link, a `DD` after it with a
description, an `H3` and a `DL` for each folder, nothing of it closed reliably.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, Any]

# The folders that browsers themselves make say nothing about what is in them.
_OWN_FOLDERS: Final = ("personal_toolbar_folder", "unfiled_bookmarks_folder")
# What no text has; and `<![`, which Python's parser takes for SGML and fails on, is taken apart.
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# The end of the year 2199, in seconds.
_LAST_SECOND: Final = 7_258_118_400
_MOST_TAGS: Final = 20
_LONGEST_TAG: Final = 50
_LONGEST_TITLE: Final = 200
_LONGEST_SUMMARY: Final = 2000


def read(text: str) -> Iterator[Row]:
    """The links of a file as an import's rows, in their order, as they stand there: `source_url`,
    `title`, `summary`, `tags` (those of the link, and the names of its folders) and `added`, in
    seconds since 1970 or None."""
    parser = _Links()
    parser.feed(_UNREADABLE.sub("", text).replace("<![", "<! ["))
    parser.close()
    for link in parser.links:
        title, summary = (" ".join("".join(link[name]).split()) for name in ("title", "summary"))
        yield {
            "source_url": link["url"].strip(),
            "title": title[:_LONGEST_TITLE].rstrip() or None,
            "summary": summary[:_LONGEST_SUMMARY].rstrip() or None,
            "tags": _tags([*link["tags"].split(","), *link["folders"]]),
            "added": _seconds(link["added"]),
        }


class _Links(HTMLParser):
    """Collects links, and the folders they are in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Row] = []
        self._folders: list[str | None] = []
        self._name: list[str] | None = None  # of the folder that comes next
        self._into: list[str] | None = None
        self._described: list[str] | None = None  # by a DD that comes next

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            link: Row = {
                "url": given.get("href", ""),
                "tags": given.get("tags", ""),
                "added": given.get("add_date") or given.get("time_added") or "",
                "folders": [name for name in self._folders if name],
                "title": [],
                "summary": [],
            }
            self.links.append(link)
            self._into, self._described = link["title"], link["summary"]
        elif tag == "dd":
            self._into = self._described
        elif tag == "h3":
            self._name = self._into = []
            self._described = None
            if any(name in given for name in _OWN_FOLDERS):
                self._name = self._into = None
        elif tag == "dl":
            self._folders.append("".join(self._name or ()).strip() or None)
            self._name = self._into = None
        elif tag in ("dt", "li", "ul", "h1", "h2"):
            self._into = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "dl" and self._folders:
            self._folders.pop()
        if tag in ("a", "h3", "dl", "dd"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)


def _tags(names: list[str]) -> list[str]:
    """Names as tags take them, each once whatever its case."""
    found: dict[str, str] = {}
    for name in names:
        short = " ".join(name.split()).lstrip("#")[:_LONGEST_TAG].strip()
        if short:
            found.setdefault(short.casefold(), short)
    return list(found.values())[:_MOST_TAGS]


def _seconds(written: str) -> float | None:
    """A time since 1970 in seconds; some write it in thousandths or millionths."""
    try:
        number = float(int(written[:30]))
    except ValueError:
        return None
    while number > 1e11:
        number /= 1000
    return number if 0 < number < _LAST_SECOND else None
