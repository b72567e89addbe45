"""Karakeep's JSON: links and notes, with the lists that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, children, contents, list_with, page, paths, strings
from webapp.imports.format import Contents, Format, Link, Refused
from webapp.imports.texts import note, path, summary, tags, title, whole_note

if TYPE_CHECKING:
    from webapp.imports.document import Document
    from webapp.imports.format import Entry


def _read(document: Document) -> Contents | None:
    bookmarks = document.value.get("bookmarks") if isinstance(document.value, dict) else None
    entries = list_with(bookmarks, "createdAt", "content")
    if entries is None:
        return None
    # A smart list is a search, so nothing is in it.
    names = paths(each for each in children(document.value, "lists") if each.get("type") != "smart")

    def entry(number: int, given: dict[str, Any]) -> Entry:
        return _entry(number, given, names)

    more = document.value.get("nextCursor")
    found = contents(entries, entry)._replace(folders=lambda: map(path, names.values()))
    return page(found, None, more, "export all bookmarks in Karakeep's settings")


def _entry(number: int, entry: dict[str, Any], names: dict[str, list[str]]) -> Entry:
    given = entry.get("content")
    found: dict[str, Any] = given if isinstance(given, dict) else {}
    if found.get("type") not in ("link", "text"):
        return Refused(number, "Is a file, which the export does not contain.")
    text = note(found.get("text"))
    # Its API has objects.
    labels = (each.get("name") for each in children(entry, "tags"))
    return Link(
        number,
        address(found.get("url")),
        title=title(entry.get("title")),
        summary=summary(entry.get("note"), entry.get("summary")),
        tags=tags([*strings(entry.get("tags")), *labels]),
        added=seconds(entry.get("createdAt")),
        is_read=entry.get("archived") is True,
        raw_text=text,
        content=whole_note(found.get("text")),
        folders=[path(names.get(each, ())) for each in strings(entry.get("lists"))],
    )


FORMAT: Final = Format("karakeep", "json", _read)
