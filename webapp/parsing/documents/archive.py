"""The parts of a zip, within limits, whatever it declares."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from webapp.parsing.documents.errors import DocumentError

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_MOST_PARTS = 5_000
_LARGEST_PART = 64 << 20  # bytes, inflated
_NUMBERS = re.compile(r"(\d+)")


class Archive:
    """An open zip. Names of parts are looked up regardless of case, as Office does.

    Raises DocumentError: `damaged`, `encrypted`, or `too_complex` if it inflates to more than
    `reading` allows.
    """

    def __init__(self, source: Source, reading: Reading) -> None:
        self._reading = reading
        try:
            self._zip = zipfile.ZipFile(source.open())
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise DocumentError("damaged") from error
        infos = self._zip.infolist()
        if len(infos) > _MOST_PARTS:
            raise DocumentError("too_complex")
        self._parts = {_normal(info.filename): info for info in infos if not info.is_dir()}

    def __contains__(self, name: str) -> bool:
        return _normal(name) in self._parts

    def read(self, name: str) -> bytes | None:
        """A part's bytes; None if there is no such part."""
        if (info := self._parts.get(_normal(name))) is None:
            return None
        if info.flag_bits & 1:
            raise DocumentError("encrypted")
        # Even if its size is a lie: what counts is what is read, not what is declared.
        most = min(_LARGEST_PART, self._reading.inflated)
        try:
            with self._zip.open(info) as part:
                data = part.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise DocumentError("damaged") from error
        if len(data) > most:
            raise DocumentError("too_complex")
        self._reading.inflate(len(data))
        return data

    def like(self, pattern: str) -> list[str]:
        """The names of parts that a regular expression matches in lower case, 10 after 9."""
        found = (name for name in self._parts if re.fullmatch(pattern, name))
        return sorted(found, key=_by_number)

    def check(self) -> None:
        """Inflate all of it once, within the limits, for a library that would do it without
        limits."""
        for name in self._parts:
            self.read(name)


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _by_number(name: str) -> list[str | int]:
    # Text and numbers alternate, so the same positions are compared with the same type.
    return [int(part) if part.isdigit() else part for part in _NUMBERS.split(name)]
