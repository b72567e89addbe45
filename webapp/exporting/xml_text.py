"""Texts in documents of XML 1.0."""

from __future__ import annotations

import re
from typing import Final

# What no document may contain, not even escaped.
_FORBIDDEN: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def allowed(text: str) -> str:
    """The text, with U+FFFD for what no document may contain."""
    return _FORBIDDEN.sub("\ufffd", text)
