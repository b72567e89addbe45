"""ZIPs of exported files, as a stream."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Final

from webapp.exporting.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# The first time that a ZIP can have: of every file, so that the bytes do not depend on when.
_TIME: Final = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, Iterable[bytes]]) -> Iterator[bytes]:
    """The archive in pieces, of the pieces of each file by its name. They are read in the order of
    the names, and compressed."""
    out = Pieces()
    with zipfile.ZipFile(out, "w") as made:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with made.open(entry, "w") as file:
                for piece in files[name]:
                    file.write(piece)
                    yield out.taken()
    yield out.taken()
