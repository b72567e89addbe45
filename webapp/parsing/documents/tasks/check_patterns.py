"""Compiles patterns: returns what is wrong with each, null if nothing is, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from webapp.parsing.extraction.patterns import mistakes_of

if TYPE_CHECKING:
    from collections.abc import Callable


def main(_file: int, arguments: dict[str, Any], _report: Callable[..., None]) -> bytes:
    return orjson.dumps(mistakes_of(arguments["patterns"]))
