"""Why an entry of a file was refused, in a sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from marshmallow import ValidationError

    from webapp.imports.format import Link

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+-]{0,40}:")


def said_of_link(link: Link, error: ValidationError) -> str:
    """Why a bookmark was refused, without the names of fields, which its file does not have."""
    if link.source_url is None and link.raw_text is None:
        return "It has no address."
    return said_of_address(link.source_url, error, "source_url")


def said_of_address(address: str | None, error: ValidationError, field: str) -> str:
    """Why something was refused that has an address, which is checked in a field."""
    messages = error.messages if isinstance(error.messages, dict) else {}
    if address is None or field not in messages:
        return said_of(error)
    if not address:
        return "The address is empty."
    scheme = _SCHEME.match(address)
    if scheme is None:
        return "The address does not begin with http:// or https://."
    if scheme[0].lower() not in ("http:", "https:"):
        return f"The address begins with {scheme[0]}, not with http:// or https://."
    return f"The address cannot be taken: {_first(messages[field])}"


def said_of(error: ValidationError) -> str:
    """The mistakes of an entry in one line."""
    if isinstance(error.messages, dict):
        return "; ".join(
            f"{field}: {_first(messages)}" for field, messages in error.messages.items()
        )[:500]
    return str(_first(error.messages))[:500]


def _first(messages: Any) -> str:
    while isinstance(messages, (list, dict)) and messages:
        messages = messages[0] if isinstance(messages, list) else next(iter(messages.values()))
    return str(messages)
