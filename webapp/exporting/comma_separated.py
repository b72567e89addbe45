"""CSV as in RFC 4180: CRLF, UTF-8 without a byte order mark, a header, and texts as they are."""

from __future__ import annotations

import csv
import io
import re
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    # Rows, each of its texts; or all as one text, with the signs below between them.
    Batch = Sequence[Sequence[str]] | str

# What makes spreadsheets take a text for a formula, if it is in front: some take full-width signs
# for the others, and leave line ends out.
_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Between the rows, and between the texts of a row, of a batch that comes as one text.
ROWS_END: Final = "\x1e"
TEXTS_END: Final = "\x1f"
# What has a text quoted.
_QUOTED: Final = re.compile(r'[",\r\n]')
# With a sign, thousands, decimals, an exponent or a percent sign: nothing that could be calculated.
_NUMBER: Final = re.compile(
    r"[+-]?(\d+([.,'\u00a0\u202f]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?", re.ASCII
)


def comma_separated(
    header: Sequence[str],
    batches: Iterable[Batch],
    *,
    escaped: bool = False,
) -> Iterator[bytes]:
    """The file in pieces: the header, then each batch of rows. If `escaped`, no text can become a
    formula: see `safe`."""
    for batch in chain([[header]], batches):
        yield _lines(_safe_batch(batch) if escaped else batch)


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with `'` in front, if it begins like one and
    is not a number."""
    if text.startswith(_BEGINNINGS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _safe_batch(batch: Batch) -> Sequence[Sequence[str]]:
    rows = _apart(batch) if isinstance(batch, str) else batch
    return [[safe(text) for text in row] for row in rows]


def _apart(batch: str) -> list[list[str]]:
    return [row.split(TEXTS_END) for row in batch.split(ROWS_END)]


def _lines(batch: Batch) -> bytes:
    """Rows as lines. Those in which nothing must be quoted, which are most, do without the csv
    module, which takes five times as long."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    if not isinstance(batch, str):
        writer.writerows(batch)
    else:
        for row in batch.split(ROWS_END):
            if row and not _QUOTED.search(row):
                file.write(row.replace(TEXTS_END, ",") + "\r\n")
            else:
                writer.writerow(row.split(TEXTS_END))
    return file.getvalue().encode()
