"""Netscape's bookmark file, as browsers, Pocket, Karakeep, linkding and Coffer itself write it.

It is only defined by what they write: an `A` for each link, a `DD` after it with a description, an
`H3` and a `DL` for each folder, none of them reliably closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from webapp.imports.markup import pieces
from webapp.rules.names import fold, is_blank, tag_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Row = dict[str, Any]

# The folders that browsers themselves make say nothing about what is in them.
_OWN_FOLDERS: Final = ("personal_toolbar_folder", "unfiled_bookmarks_folder")
# not in any text
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# The end of the year 2199, in seconds.
_LAST_SECOND: Final = 7_258_118_400
_MOST_TAGS: Final = 20
_LONGEST_TAG: Final = 50
_LONGEST_TITLE: Final = 200
_LONGEST_SUMMARY: Final = 2000


class _Link:
    """A link whose text and description are still to come."""

    __slots__ = ("attributes", "folders", "summary", "title")

    def __init__(self, attributes: dict[str, str], folders: Sequence[str]) -> None:
        self.attributes = attributes
        self.folders = folders
        self.title: list[str] = []
        self.summary: list[str] = []

    def as_row(self) -> Row:
        given = self.attributes
        title, summary = (" ".join("".join(each).split()) for each in (self.title, self.summary))
        return {
            "source_url": given.get("href", "").strip(),
            "title": title[:_LONGEST_TITLE].rstrip() or None,
            "summary": summary[:_LONGEST_SUMMARY].rstrip() or None,
            "tags": _tags([*given.get("tags", "").split(","), *self.folders]),
            "added": _seconds(given.get("add_date") or given.get("time_added") or ""),
        }


def read(text: str) -> Iterator[Row]:
    """The links of a file as rows of an import, unchanged and in order: `source_url`, `title`,
    `summary`, `tags` (those of the link, and the names of its folders) and `added`, in seconds
    since 1970 or None."""
    link: _Link | None = None
    folders: list[Sequence[str]] = []  # for each open folder, its name and those around it
    name: list[str] | None = None  # of the next folder
    into: list[str] | None = None  # where the next texts go
    described: list[str] | None = None  # of a following DD
    for kind, tag, attributes in pieces(_UNREADABLE.sub("", text)):
        if kind == "text":
            if into is not None:
                into.append(tag)
        elif kind == "end":
            if tag == "dl" and folders:
                folders.pop()
            if tag in ("a", "h3", "dl", "dd"):
                into = None
        elif tag == "a":
            if link is not None:
                yield link.as_row()
            link = _Link(attributes, folders[-1] if folders else ())
            into, described = link.title, link.summary
        elif tag == "dd":
            into = described
        elif tag == "h3":
            is_browsers = any(each in attributes for each in _OWN_FOLDERS)
            name = into = None if is_browsers else []
            described = None
        elif tag == "dl":
            around = folders[-1] if folders else ()
            # Shortened here, not for each link: a folder may have a long name, many folders around
            # it and many links in it.
            folders.append(_tags([*around, "".join(name)]) if name else around)
            name = into = None
        elif tag in ("dt", "li", "ul", "h1", "h2"):
            into = None
    if link is not None:
        yield link.as_row()


def _tags(names: list[str]) -> list[str]:
    """Names in the form of tags, each once regardless of case."""
    found: dict[str, str] = {}
    for name in names:
        short = tag_name(name)[:_LONGEST_TAG].strip()
        if not is_blank(short):
            found.setdefault(fold(short), short)
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
