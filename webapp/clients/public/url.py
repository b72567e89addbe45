"""Which URLs may be called for a user, as far as their text tells.

`check_url` only checks whether a URL is plainly what it seems; where it leads is checked by
address: see `gate.py`.

Imported when something is called, not at startup: httpx2 takes a while to load.
"""

from __future__ import annotations

import re

import httpx2

from webapp.clients.http.connection import is_ip
from webapp.clients.public.contract import AddressError

MAX_URL = 2048  # characters; many servers and proxies refuse longer ones too

_AUTHORITY = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[.*\]|[^:]*)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def check_url(url: str) -> httpx2.URL:
    """`url`, parsed, if it is an ordinary web address. Looks nothing up.

    Raises `AddressError` with the rule `url_too_long`, `scheme`, `credentials`, `host` or `url`.
    """
    if len(url) > MAX_URL:
        raise AddressError(f"The address is longer than {MAX_URL} characters.", rule="url_too_long")
    start = _AUTHORITY.match(url)
    if start is None:
        raise AddressError("The address must begin with http:// or https://.", rule="scheme")
    if "@" in start[2]:
        raise AddressError(
            "The address contains a user name or password before an @. Remove it.",
            rule="credentials",
        )
    place = _HOST_AND_PORT.fullmatch(start[2])
    if place is None or (place[2] and not 0 < int(place[2]) < 65536):
        raise AddressError("This is not a valid web address.", rule="url")
    if fault := _fault(place[1], url):
        raise AddressError(fault, rule="host")
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise AddressError("This is not a valid web address.", rule="url") from error
    # Two parsers that read one URL differently are how such checks are bypassed.
    seen = parsed.scheme, parsed.raw_host.decode().lower()
    if seen != (start[1].lower(), place[1].lower().strip("[]")):
        raise AddressError("This is not a valid web address.", rule="url")
    return parsed


def _fault(host: str, url: str) -> str | None:
    """What is wrong with the spelling of a host, or None for an ordinary name or address."""
    if host.startswith("["):
        literal = host[1:-1]
        # Python accepts a zone as part of the address; it only has a meaning on this machine.
        valid = ":" in literal and "%" not in literal and is_ip(literal)
        return None if valid else "The IPv6 address in brackets is not valid."
    if not host.isascii():
        # Some of these letters turn into digits or dots on the way to the name server, and many
        # look like others: the user should see what is fetched.
        try:
            return f"Write the host without special letters: {httpx2.URL(url).raw_host.decode()}"
        except httpx2.InvalidURL:
            return "The host contains characters that a host may not have."
    if host.endswith("."):
        return "The host ends in a dot. Remove the dot."
    labels = host.split(".")
    # What inet_aton takes for IPv4: 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1.
    if _NUMBER.fullmatch(labels[-1]):
        return None if is_ip(host) else "The host is a number in an unusual notation."
    valid = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return None if valid else "There is no valid host, such as example.com, in the address."
