"""Finds the tables on pages that are pictures: returns `table.encode` of only those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source
from webapp.parsing.documents.tasks.recognise import prepare, recognised
from webapp.parsing.tables.finding import Finding
from webapp.parsing.tables.recognised import find
from webapp.parsing.tables.table import DocumentTables, encode

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main", "prepare"]


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    source = Source(file)
    media = detect(source.open(), arguments["name"])
    finding = Finding(Reading(report=report))
    for number, lines, scale, _ in recognised(source, media, arguments, report):
        if not lines:
            finding.pictures.append(number)
        find(lines, scale, number, finding)
    return encode(DocumentTables(media, 0, finding.tables, finding.pictures, is_cut=finding.is_cut))
