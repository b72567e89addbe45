"""Applies a configuration to the tables of a document: returns `extracted.encode` of the result.

The file is not the document, but what the tasks before have found in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.source import Source
from webapp.parsing.extraction.applying import apply
from webapp.parsing.extraction.extracted import encode
from webapp.parsing.tables.table import decode

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, arguments: dict[str, Any], _report: Callable[..., None]) -> bytes:
    return encode(apply(arguments["body"], decode(Source(file).read())))
