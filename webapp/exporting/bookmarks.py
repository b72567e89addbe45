"""Links in the form that browsers import: Netscape's bookmark file, which is only defined by what
browsers read."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Row = dict[str, Any]


def bookmarks(links: Iterable[Row]) -> Iterator[str]:
    """The file in pieces, of links as the query `exports.links` has them."""
    yield (
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"
        '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">\n'
        "<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n"
    )
    for row in links:
        url, title = escape(row["source_url"]), escape(" ".join(row["title"].split()))
        marks = f"{_tags(row['tags'])} {_marks(row)}"
        yield f'<DT><A HREF="{url}" ADD_DATE="{row["added"]}" {marks}>{title}</A>\n'
        if row["summary"]:
            yield f"<DD>{escape(row['summary'])}\n"
    yield "</DL><p>\n"


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
