"""Finds the tables of a document: returns `table.encode` of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source
from webapp.parsing.tables.dispatch import find_tables
from webapp.parsing.tables.table import encode

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    reading = Reading(
        password=arguments["password"], most_pages=arguments["most_pages"], report=report
    )
    return encode(find_tables(Source(file), arguments["name"], reading))
