"""CSV as in RFC 4180: CRLF, UTF-8 without a byte order mark, a header, and texts as they are."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What makes spreadsheets take a text for a formula, if it is in front: some take full-width signs
# for the others, and leave line ends out.
_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# What has a text quoted, besides a comma.
_QUOTED: Final = re.compile(r'["\r\n]')
# With a sign, thousands, decimals, an exponent or a percent sign: nothing that could be calculated.
_NUMBER: Final = re.compile(
    r"[+-]?(\d+([.,'\u00a0\u202f]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?", re.ASCII
)


def comma_separated(
    header: Sequence[str],
    batches: Iterable[Sequence[Sequence[str]]],
    *,
    escaped: bool = False,
) -> Iterator[bytes]:
    """The file in pieces: the header, then each batch of rows. If `escaped`, no text can become a
    formula: see `safe`."""
    yield _lines([_safe_row(header) if escaped else header])
    for batch in batches:
        yield _lines([_safe_row(row) for row in batch] if escaped else batch)


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with `'` in front, if it begins like one and
    is not a number."""
    if text.startswith(_BEGINNINGS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _safe_row(row: Sequence[str]) -> list[str]:
    return [safe(text) for text in row]


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as lines. Those in which nothing must be quoted, which are most, are joined without the
    csv module, which takes five times as long."""
    lines = []
    for row in rows:
        line = ",".join(row)
        if line and line.count(",") < len(row) and not _QUOTED.search(line):
            lines.append(f"{line}\r\n")
        else:
            file = io.StringIO(newline="")
            csv.writer(file, lineterminator="\r\n").writerow(row)
            lines.append(file.getvalue())
    return "".join(lines).encode()
