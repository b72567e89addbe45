"""ZIPs as a stream."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Final, NamedTuple

from webapp.exporting.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The first time that a ZIP can have: of every file, so that the bytes do not depend on when.
_TIME: Final = (1980, 1, 1, 0, 0, 0)


class File(NamedTuple):
    """A file to be packed. `is_packed` says that compressing it again would gain nothing, and
    `is_large` that it may have 2 GiB or more."""

    name: str
    pieces: Iterable[bytes]
    is_packed: bool = False
    is_large: bool = False


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """The archive in pieces, of the files in their order. Each is only asked for when those before
    it are done."""
    out = Pieces()
    with zipfile.ZipFile(out, "w") as made:
        for given in files:
            entry = zipfile.ZipInfo(given.name, _TIME)
            entry.compress_type = zipfile.ZIP_STORED if given.is_packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with made.open(entry, "w", force_zip64=given.is_large) as file:
                for piece in given.pieces:
                    file.write(piece)
                    yield out.taken()
    yield out.taken()
