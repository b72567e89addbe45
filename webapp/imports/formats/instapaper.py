"""Instapaper's CSV. Exports from before 2025 lack the columns Timestamp and Tags."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from webapp.imports.dates import seconds
from webapp.imports.document import strings
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import path, summary, tags, title

if TYPE_CHECKING:
    from webapp.imports.table import Table

# What became of an article, not where it was put.
_STATES: Final = frozenset({"unread", "archive", "starred"})


def _read(table: Table) -> Contents | None:
    return table.contents(_link) if {"url", "selection", "folder"} <= set(table.columns) else None


def _link(line: int, row: dict[str, str]) -> Link:
    names: list[str] = []
    with suppress(ValueError, RecursionError):
        names = strings(json.loads(row.get("tags", "")))
    folder = row["folder"].strip()
    state = folder.lower()
    return Link(
        line,
        row["url"].strip(),
        title=title(row.get("title")),
        summary=summary(row["selection"]),
        tags=tags(names),
        added=seconds(row.get("timestamp")),
        is_read=state == "archive",
        is_favourite=state == "starred",
        folders=[path([folder] if state not in _STATES else [])],
    )


FORMAT: Final = Format("instapaper", "comma_separated", _read)
