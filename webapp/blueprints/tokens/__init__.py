"""Tokens: minted on a chain, given pictures, and revealed."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.tokens import (
    authors,
    keepers,
    public_tokens,
    reveals,
    signatures,
    tokens,
)

BLUEPRINTS: Final = (
    *(authors.authors, tokens.tokens, public_tokens.public_tokens),
    *(reveals.reveals, keepers.keepers),
)

INSTALLS: Final = (signatures.install,)

REFUSALS: Final[dict[str, object]] = {}
