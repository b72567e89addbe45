"""Extracts a file from a document, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.dispatch import read_document
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    reading = Reading(
        password=arguments["password"],
        most_pages=arguments["most_pages"],
        wanted=arguments["number"],
        report=report,
    )
    read_document(Source(file), arguments["name"], reading)
    if reading.taken is None:
        raise DocumentError("unsupported", "There is no such file in the document.")
    return reading.taken
