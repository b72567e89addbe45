"""Whether two addresses lead to the same page.

The comparison only ignores what certainly does not select the page: the case of scheme and host, a
default port, the fragment, and the click-tracking parameters of advertisers and mailers. The lists
of link-cleaning libraries go further and remove `source`, `uid` or `session`, by which many sites
select what they show; a page must not be mistaken for another one.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, urlsplit

_TRACKING: Final = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|hsa_\w+"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id"
    r"|mc_cid|mc_eid|mkt_tok|vero_id|oly_anon_id|oly_enc_id|_hsenc|_hsmi|_openstat|_ga|_gl",
    re.IGNORECASE,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def normalized(url: str) -> str:
    """The normalized address of the page. Raises ValueError if it is not an address."""
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    query = "&".join(
        pair
        for pair in parts.query.split("&")
        if pair and not _TRACKING.fullmatch(pair.partition("=")[0])
    )
    # A fragment of this form is the address of a page in a single-page app.
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return SplitResult(scheme, _host(parts, scheme), parts.path or "/", query, fragment).geturl()


def page_hash(url: str) -> bytes:
    """The stored hash for finding the page again, of fixed length whatever the address."""
    return hashlib.sha256(normalized(url).encode()).digest()


def _host(parts: SplitResult, scheme: str) -> str:
    host, port = (parts.hostname or "").rstrip("."), parts.port
    if not host.isascii():
        with suppress(UnicodeError):
            ascii_host = host.encode("idna")
            # Not if it decodes to a different one: `ß` is not `ss` to domain registries.
            if ascii_host.decode("idna") == host:
                host = ascii_host.decode()
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"
