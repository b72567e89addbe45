"""Raindrop's CSV: its exports and backups, and what its help describes for imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.imports.dates import seconds
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import path, summary, tags, title

if TYPE_CHECKING:
    from webapp.imports.table import Table

# Where Raindrop puts what is in no collection.
_NOWHERE: Final = frozenset({"unsorted"})


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
        summary=summary(row.get("note"), row.get("excerpt"), row.get("highlights")),
        tags=tags(names),
        added=seconds(row.get("created")),
        is_favourite=row.get("favorite") == "true",
        folders=[path(folders)],
    )


FORMAT: Final = Format("raindrop", "comma_separated", _read)
