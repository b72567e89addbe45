"""Reads a document: returns `document.encode` of its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.dispatch import read_document
from webapp.parsing.documents.document import encode
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    reading = Reading(
        password=arguments["password"],
        most_pages=arguments["most_pages"],
        reads_attachments=arguments["reads_attachments"],
        report=report,
    )
    return encode(read_document(Source(file), arguments["name"], reading))
