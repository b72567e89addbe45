"""Parts of a file over HTTP (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from webapp.http.errors import Problem

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


def wanted_range(headers: Headers, etag: str, length: int) -> tuple[int, int] | None:
    """Which bytes a request wants, from the first up to but not including the second; None for all.

    One range is answered; several, another unit, what is no range, and what `If-Range` says is of
    an older file, are answered with the whole file, as the standard allows. Raises Problem 416 for
    a range that begins behind the end.
    """
    found = _RANGE.fullmatch(headers.get("Range", ""))
    if found is None or headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = found.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, length) if last else length
        if last and int(last) < start:
            return None
    elif last:
        start, end = max(length - int(last), 0), length
    else:
        return None
    if start >= length or start == end:
        raise Problem(
            416,
            "range_not_satisfiable",
            f"The file has {length} bytes.",
            headers={"Content-Range": f"bytes */{length}"},
        )
    return start, end
