"""How services say that they do not make a picture of a prompt."""

from __future__ import annotations

import re
from typing import Final

_REFUSAL: Final = re.compile(
    r"\bnsfw\b|flagged|sensitive|safety|content[ _]policy|moderation|inappropriate|prohibited",
    re.IGNORECASE,
)


def is_refusal(said: str) -> bool:
    """Whether an error is about what the prompt asks for."""
    return _REFUSAL.search(said) is not None
