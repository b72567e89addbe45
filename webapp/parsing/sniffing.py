"""What a page is by its bytes, where its server does not say so.

By the WHATWG MIME Sniffing Standard, except that what a server calls binary or XML may be a page.
"""

from __future__ import annotations

import re
from typing import Final

from webapp.parsing.charset import decode

_LOOKED_AT: Final = 1445  # bytes, as in the standard
# Tags with which a page begins, each of which must end there; or a comment.
_HTML: Final = re.compile(
    r"<(?:(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta"
    r"|link)[\s/>]|!--)",
    re.IGNORECASE,
)
_XHTML: Final = re.compile(
    r"(?:<\?xml\s[^>]{0,200}>\s*)?(?:(?:<!--[^>]{0,500}--|<!doctype\s+html[^>]{0,300})>\s*)*"
    r"<html[\s>]",
    re.IGNORECASE,
)
# Bytes that no text has.
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")

# What a server says that does not know.
UNKNOWN: Final = frozenset({"", "unknown/unknown", "application/unknown", "*/*"})
BINARY: Final = frozenset({"application/octet-stream", "binary/octet-stream"})
XML: Final = frozenset({"text/xml", "application/xml"})


def sniffed(body: bytes, said: str) -> str | None:
    """`text/html`, or `text/plain` of a server that says nothing; None for anything else. `said` is
    one of `UNKNOWN`, `BINARY` and `XML`."""
    begin = decode(body[:_LOOKED_AT], None).lstrip("\t\n\f\r ")
    if _XHTML.match(begin) or (said not in XML and _HTML.match(begin)):
        return "text/html"
    return "text/plain" if said in UNKNOWN and begin and not _BINARY.search(begin) else None
