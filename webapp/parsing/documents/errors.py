"""Why a document cannot be read."""

from __future__ import annotations

from typing import Literal, get_args

from webapp.failure import Failure

# `no_such_page` is only said of a picture that was asked for, never of a document, and
# `pattern_too_slow` of the patterns of a configuration.
Code = Literal[
    "encrypted",
    "damaged",
    "too_complex",
    "unsupported",
    "empty",
    "no_such_page",
    "pattern_too_slow",
]

CODES: frozenset[str] = frozenset(get_args(Code))

_MESSAGES: dict[Code, str] = {
    "encrypted": "The document is encrypted: reading it requires its password.",
    "damaged": "The document is damaged.",
    "too_complex": "The document is larger or more complex than Coffer accepts.",
    "unsupported": "Coffer cannot read documents of this kind.",
    "empty": "The document is empty.",
    "no_such_page": "The document has fewer pages.",
    "pattern_too_slow": "A pattern of the configuration takes too long on this document.",
}


class DocumentError(Failure):
    """The document cannot be read, and `code` says why.

    Permanent, except where it took too long by the wall clock or was killed from outside: that may
    be the fault of a busy machine.
    """

    def __init__(self, code: Code, message: str = "", *, permanent: bool = True) -> None:
        super().__init__(message or _MESSAGES[code], permanent=permanent)
        self.code = code
