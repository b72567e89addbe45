"""Raindrop's CSV: its exports and backups, and what its help describes for imports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import annotation, path, readable, summary, tags, title

if TYPE_CHECKING:
    from webapp.imports.table import Table

# Where Raindrop puts what is in no collection.
_NOWHERE: Final = frozenset({"unsorted"})
_BEGINNING: Final = re.compile(r"^Highlight:", re.MULTILINE)
_ABOUT_IT: Final = re.compile(r"^Note:", re.MULTILINE)


def _read(table: Table) -> Contents | None:
    columns = set(table.columns)
    is_it = {"url", "folder"} <= columns and not columns.isdisjoint({"excerpt", "note", "created"})
    return table.contents(_link) if is_it else None


def _link(line: int, row: dict[str, str]) -> Link:
    names = row.get("tags", "").split(",")
    # Raindrop itself writes spaces around the slash; a name may contain one without.
    folder = row["folder"]
    levels = folder.split(" / " if " / " in folder else "/")
    folders = [name for name in levels if name.strip().lower() not in _NOWHERE]
    return Link(
        line,
        row["url"].strip(),
        title=title(row.get("title")),
        summary=summary(row.get("note"), row.get("excerpt")),
        annotations=_highlights(row.get("highlights", "")),
        tags=tags(names),
        added=seconds(row.get("created")),
        is_favourite=row.get("favorite") == "true",
        folders=[path(folders)],
    )


def _highlights(written: str) -> list[dict[str, Any]]:
    """What somebody marked on the page, each with what they said about it. Without the words that
    introduce them, all of it is one."""
    parts = _BEGINNING.split(readable(written))
    quotes = [part for part in parts if part.strip()]
    found = (annotation(*_ABOUT_IT.split(quote, maxsplit=1)) for quote in quotes)
    return [each for each in found if each is not None]


FORMAT: Final = Format("raindrop", "comma_separated", _read)
