"""Tells what stands in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Area

_OFF = 0.6  # of its height: a letter of a typewriter, which cannot come nearer to the middle


def is_centred(area: Area, left: float, right: float) -> bool:
    """Whether a line of text is in the middle between two places."""
    off = abs(left + right - area.left - area.right) / 2
    return off <= _OFF * (area.top - area.bottom)
