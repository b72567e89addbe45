"""Which tests a run leaves out by their marker, known before they are made."""

from __future__ import annotations

from functools import cache


@cache
def left_out(expression: str) -> set[str]:
    """The markers in `not long and not fuzz`; of other expressions none."""
    parts = expression.split(" and ")
    return {part[4:] for part in parts} if all(part[:4] == "not " for part in parts) else set()
