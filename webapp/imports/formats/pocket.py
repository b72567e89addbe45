"""Pocket's CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.imports.dates import seconds
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import tags, title

if TYPE_CHECKING:
    from webapp.imports.table import Table


def _read(table: Table) -> Contents | None:
    return table.contents(_link) if {"url", "time_added"} <= set(table.columns) else None


def _link(line: int, row: dict[str, str]) -> Link:
    return Link(
        line,
        row["url"].strip(),
        title=title(row.get("title")),
        tags=tags(row.get("tags", "").split("|")),
        added=seconds(row["time_added"]),
        is_read=row.get("status") == "archive",
    )


FORMAT: Final = Format("pocket", "comma_separated", _read)
