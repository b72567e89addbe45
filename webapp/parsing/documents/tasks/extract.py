"""Applies a configuration to a document: returns `extracted.encode` of the result.

The file is not the document, but what other tasks have found in it: its tables, and then its text
if the configuration looks for fields. So what takes long here are the configuration's patterns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents import document
from webapp.parsing.documents.source import Source
from webapp.parsing.extraction.applying import apply
from webapp.parsing.extraction.extracted import encode
from webapp.parsing.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, arguments: dict[str, Any], _report: Callable[..., None]) -> bytes:
    content = Source(file).read()
    length = arguments["length_of_tables"]
    pages = document.decode(content[length:]).pages if len(content) > length else ()
    return encode(apply(arguments["body"], table.decode(content[:length]), pages))
