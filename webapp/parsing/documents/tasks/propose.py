"""Proposes a configuration: returns its body as JSON, null if there is no table.

The file is not the document, but the tables that were found in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.parsing.documents.source import Source
from webapp.parsing.extraction.proposing import propose
from webapp.parsing.tables.table import decode

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, _arguments: dict[str, Any], _report: Callable[..., None]) -> bytes:
    return orjson.dumps(propose(decode(Source(file).read())))
