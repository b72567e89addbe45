"""The result of an HTTP call: a response, or one kind of error."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

# The 4xx statuses that mean "not now" rather than "no".
_LATER = frozenset({408, 425, 429})

Rule = Literal[
    "unreachable",  # no connection: no address, refused, or broken off
    "tls",  # no encrypted connection
    "certificate",  # a certificate that is not trusted
    "timeout",
    "too_large",  # more bytes than allowed
    "content_encoding",  # bytes that are not compressed as the server says
    "protocol",  # something else than HTTP, or not all of it
]


class CallError(Failure):
    """A server was not reached, or did not answer properly.

    `rule` says which. `what` is the rest of a sentence that starts with the server: "did not answer
    in time". Callers who know what was asked, and for whom, convert it to an error of their own;
    nothing in it quotes what was sent.
    """

    def __init__(self, what: str, *, rule: Rule) -> None:
        super().__init__(f"The server {what}.")
        self.what = what
        self.rule: Rule = rule


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. `headers` can be looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded; None if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def asks_for_later(status: int) -> bool:
    """Whether a status says that the same request may succeed another time."""
    return status >= 500 or status in _LATER


def kind_of(error: BaseException) -> str:
    """The class of what went wrong first: ConnectionRefusedError, SSLCertVerificationError …

    Never its text, which may quote the request and a secret with it.
    """
    # httpcore2 cuts the chain of causes, but passes the first one on as its argument.
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    return type(error).__name__
