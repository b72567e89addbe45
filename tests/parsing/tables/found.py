"""Finds tables in this process, where nothing hostile is involved and speed is nice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source
from webapp.parsing.tables.dispatch import find_tables
from webapp.parsing.tables.table import decode, encode

if TYPE_CHECKING:
    from webapp.parsing.tables.table import DocumentTables, Table


def find(data: bytes, name: str = "", **reading: Any) -> DocumentTables:
    """As a caller gets them: encoded and decoded again."""
    return decode(encode(find_tables(Source(data), name, Reading(**reading))))


def tables(data: bytes, name: str = "") -> list[Table]:
    return find(data, name).tables


def table(data: bytes, name: str = "") -> Table:
    """The only one."""
    (found,) = tables(data, name)
    return found
