"""Pinboard's JSON, which Delicious had before: `description` is the title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, contents, list_with, strings
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import summary, tags, title

if TYPE_CHECKING:
    from webapp.imports.document import Document


def _read(document: Document) -> Contents | None:
    entries = list_with(document.value, "href", "description")
    return None if entries is None else contents(entries, _link)


def _link(number: int, entry: dict[str, Any]) -> Link:
    return Link(
        number,
        address(entry.get("href")),
        title=title(entry.get("description")),
        summary=summary(entry.get("extended")),
        tags=tags(name for names in strings(entry.get("tags")) for name in names.split()),
        added=seconds(entry.get("time")),
        is_read=entry.get("toread") == "no",
    )


FORMAT: Final = Format("pinboard", "json", _read)
