"""Addresses of the web, read as browsers read them: by the WHATWG URL Standard."""

from __future__ import annotations

from typing import Any, Final

import ada_url

_PARTS: Final = (
    *("href", "protocol", "username", "password"),
    *("hostname", "port", "pathname", "search", "hash"),
)


def parts_of(address: str) -> dict[str, str]:
    """An address of the web in parts, by their names in the standard; `href` is all of it.

    What may not stand in an address is encoded, a host becomes ASCII, dot segments are resolved.
    Raises ValueError, with a message for the user, if it is none of `http` or `https`, or contains
    a user name or a password.
    """
    try:
        found: Any = ada_url.parse_url(address, _PARTS)
    except ValueError:
        raise ValueError("Not a valid URL.") from None
    parts: dict[str, str] = found
    if parts["protocol"] not in ("http:", "https:"):
        raise ValueError("Must begin with http:// or https://.")
    if parts["username"] or parts["password"]:
        raise ValueError("Must not contain a user name or a password.")
    return parts


def without_fragment(address: str) -> str:
    """All of an address of the web but its fragment, which no server sees. Raises ValueError like
    `parts_of`."""
    return parts_of(address)["href"].partition("#")[0]


def joined(base: str, reference: str) -> str:
    """Where a reference on the page at `base` leads, of whatever scheme. Raises ValueError if it is
    not valid."""
    return str(ada_url.join_url(base, reference))
