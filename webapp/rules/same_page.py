"""Whether two addresses lead to the same page.

Addresses are read as browsers read them and brought into the normal form of RFC 3986: scheme and
host in lower case and ASCII, no default port, no dot segments, and only that percent-encoded which
has to be. Beyond that the comparison only ignores what certainly does not select the page: the
fragment, and the click-tracking parameters of advertisers and mailers. The lists of link-cleaning
libraries go further and remove `source`, `uid` or `session`, by which many sites select what they
show; a page must not be mistaken for another one.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import quote

from webapp.rules.web_address import parts_of

_TRACKING: Final = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|hsa_\w+"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id"
    r"|mc_cid|mc_eid|mkt_tok|vero_id|oly_anon_id|oly_enc_id|_hsenc|_hsmi|_openstat|_ga|_gl",
    re.IGNORECASE,
)
# The beginning of what a browser looks for in a page, and never part of its address.
_DIRECTIVE: Final = ":~:"
# A percent sign that begins nothing is one itself.
_ENCODED: Final = re.compile(r"%(?:([0-9A-Fa-f]{2}))?")
# What need not be encoded: the unreserved characters of RFC 3986, and of RFC 2396, of which some
# programs encode none and others all.
_NEEDLESS: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!*'()"
)
_UNFIT: Final = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")


def normalized(url: str) -> str:
    """The normalized address of the page. Raises ValueError if it is not an address."""
    parts = parts_of(url)
    host, port = parts["hostname"].rstrip("."), parts["port"]
    query = "&".join(
        pair
        for pair in _encoded(parts["search"][1:]).split("&")
        if pair and not _TRACKING.fullmatch(pair.partition("=")[0])
    )
    # A fragment of this form is the address of a page in a single-page app.
    fragment = parts["hash"][1:].partition(_DIRECTIVE)[0]
    fragment = _encoded(fragment) if fragment.startswith(("!", "/")) else ""
    return "".join(
        (
            f"{parts['protocol']}//{host}",
            port and f":{port}",
            _encoded(parts["pathname"]),
            query and f"?{query}",
            fragment and f"#{fragment}",
        )
    )


def page_hash(url: str) -> bytes:
    """The stored hash for finding the page again, of fixed length whatever the address."""
    return hashlib.sha256(normalized(url).encode()).digest()


def _encoded(part: str) -> str:
    """A part of an address in which only that is percent-encoded which has to be, in upper case."""
    return _UNFIT.sub(lambda found: quote(found[0], safe=""), _ENCODED.sub(_as_it_must_be, part))


def _as_it_must_be(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"
    character = chr(int(found[1], 16))
    return character if character in _NEEDLESS else found[0].upper()
