"""Reads documents in this process, which is faster, for input that is not hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from webapp.parsing.documents.dispatch import read_document
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from webapp.parsing.documents.document import Document


def read(data: bytes, name: str = "", **reading: Any) -> Document:
    return read_document(Source(data), name, Reading(**reading))


def refused(data: bytes, name: str = "", **reading: Any) -> str:
    """The code with which a document is refused."""
    with pytest.raises(DocumentError) as caught:
        read(data, name, **reading)
    return caught.value.code


def texts(document: Document) -> list[str]:
    return [page.text for page in document.pages]
