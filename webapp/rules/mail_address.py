"""Mail addresses, in the one form in which they are stored, compared and written to."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_DOMAIN: Final = 253
LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"

_MAX_ADDRESS: Final = 254  # characters, by the standard; of them 64 before the @
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
_DOMAIN: Final = re.compile(rf"{LABEL}(?:\.{LABEL})*")


def address_of(text: str) -> str | None:
    """An address in the form every mail server accepts, with its domain in ASCII; None if it is not
    valid.

    Store and compare it in this form: letters that some program treats as equal, such as a dotted
    capital I, are a different domain, which somebody else may own. Some valid addresses are not
    accepted: those with a quoted part, a number for a domain, or letters outside ASCII before the
    @.
    """
    local_part, _, domain = text.rpartition("@")
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None or len(local_part) + 1 + len(ascii_domain) > _MAX_ADDRESS:
        return None
    # "=?" begins an encoded word, which programs display as something else.
    if not _LOCAL_PART.fullmatch(local_part) or "=?" in local_part:
        return None
    return f"{local_part}@{ascii_domain}"


def _ascii_domain(domain: str) -> str | None:
    if not domain.isascii():
        try:
            encoded = domain.encode("idna").decode()
            # Python's codec follows the standard of 2003, which turns ß into ss, and so the domain
            # into somebody else's: only a domain that round-trips is accepted.
            if encoded.encode().decode("idna") != unicodedata.normalize("NFC", domain.lower()):
                return None
        except UnicodeError:
            return None
        domain = encoded
    fits = len(domain) <= MAX_DOMAIN and _DOMAIN.fullmatch(domain)
    return domain if fits and not re.fullmatch(r"[0-9.]+", domain) else None
