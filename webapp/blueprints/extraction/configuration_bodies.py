"""Checks the bodies of configurations before they are saved or tried: their patterns, too.

Compiling a pattern may take longer than anybody waits, so a limited child does that too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.access.callers import caller
from webapp.blueprints.documents.reading import own_readers
from webapp.http.errors import invalid_input
from webapp.parsing.documents.errors import DocumentError
from webapp.schemas.extraction.configuration_bodies import patterns_in

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_patterns(body: dict[str, Any]) -> None:
    """Refuse a configuration's body with patterns that are none. Raises Problem 422."""
    found = patterns_in(body)
    if not found:
        return
    said = _mistakes([pattern for _, pattern in found])
    mistakes = [(path, each) for (path, _), each in zip(found, said, strict=True) if each]
    if mistakes:
        raise invalid_input(*mistakes)


def _mistakes(patterns: Sequence[str]) -> list[str | None]:
    try:
        with own_readers().taken_by(caller().user_id) as readers:
            return readers.pattern_mistakes(patterns)
    except DocumentError:  # not within the limits of a child
        return ["Not a valid pattern: it is too complex."] * len(patterns)
