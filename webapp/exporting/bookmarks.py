"""Links in Netscape's bookmark file, which is only defined by what browsers read and write."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

import orjson

from webapp.exporting.folder_tree import walked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Row = dict[str, Any]

# The generator says that no folder stands for a tag.
_HEAD: Final = (
    "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
    '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">\n'
    '<META NAME="generator" CONTENT="Coffer">\n'
    "<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n"
)
_END: Final = "</DL><p>\n"


def bookmark_file(
    folders: Iterable[Row],
    in_none: Iterable[Row],
    within: Callable[[Sequence[Row]], Iterator[Row]],
) -> Iterator[str]:
    """The parts of a file: its folders, then the links that are in none.

    `folders` are all of them, with `id`, `parent_id`, `name` and `added`, those in one folder in
    their order. `within` gives the links in some folders, in the order of these, each with the
    `folder_id` of one.
    """
    yield _HEAD
    ordered = list(walked(folders))
    links = within([folder for folder, _ in ordered])
    link = next(links, None)
    depth = 0
    for folder, level in ordered:
        yield _END * (depth - level)
        depth = level + 1
        yield f'<DT><H3 ADD_DATE="{folder["added"]}">{_line(folder["name"])}</H3>\n<DL><p>\n'
        while link is not None and link["folder_id"] == folder["id"]:
            yield _link(link)
            link = next(links, None)
    yield _END * depth
    for each in in_none:
        yield _link(each)
    yield _END


def _link(link: Row) -> str:
    url, title = escape(link["source_url"]), _line(link["title"])
    marks = f"{_tags(link['tags'])} {_marks(link)}"
    written = f'<DT><A HREF="{url}" ADD_DATE="{link["added"]}" {marks}>{title}</A>\n'
    return f"{written}<DD>{escape(link['summary'])}\n" if link["summary"] else written


def _line(text: str) -> str:
    return escape(" ".join(text.split()))


def _tags(names: list[str]) -> str:
    """The attributes with a link's tags. Commas separate them, so for other programs none has one;
    an attribute of HTML's own kind has them as they are, which Coffer reads."""
    written = escape(",".join(name.replace(",", " ") for name in names))
    has_commas = any("," in name for name in names)
    as_they_are = f' DATA-TAGS="{escape(orjson.dumps(names).decode())}"' if has_commas else ""
    return f'TAGS="{written}"{as_they_are}'


def _marks(link: Row) -> str:
    """The attributes with what was read and liked. Other programs have none for favourites."""
    liked = ' DATA-FAVOURITE="1"' if link["is_favourite"] else ""
    return f'TOREAD="{0 if link["is_read"] else 1}"{liked}'
