"""What a file is that nobody has looked at yet: its size, its hash and its type."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.parsing.documents.detection import detect

if TYPE_CHECKING:
    from typing import BinaryIO

    from webapp.parsing.documents.media import Media


_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that a client wrote into the store itself."""

    length: int
    sha256: bytes
    media: Media


def look_at(file: BinaryIO, name: str) -> Arrival:
    """What a file is that its owner calls `name`. Its position is at the beginning again after."""
    digest, length = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        length += len(chunk)
    media = detect(file, name)
    file.seek(0)
    return Arrival(length, digest.digest(), media)
