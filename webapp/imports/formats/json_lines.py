"""Lines of JSON, as Coffer exports items and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from webapp.imports.format import Contents, Format, Refused
from webapp.imports.portable import Export

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.format import Entry


class _Lines:
    """The entries of a file."""

    def __init__(self, file: bytes) -> None:
        self._lines = file.splitlines()
        self._export = Export()

    def entries(self) -> Iterator[Entry]:
        for number, line in enumerate(self._lines, start=1):
            if not line.strip():
                continue
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield Refused(number, "The line is not valid JSON.")
                continue
            yield from self._export.take(number, value, "The line")

    def counted(self) -> int:
        return self._export.counted(self._all())

    def lacking(self) -> str | None:
        return self._export.lacking(self._all())

    def _all(self) -> int:
        return sum(1 for line in self._lines if line.strip())


def _read(file: bytes) -> Contents:
    lines = _Lines(file.removeprefix(b"\xef\xbb\xbf"))
    return Contents(lines.entries(), lines.counted, lines.lacking)


FORMAT: Final = Format("json_lines", "json_lines", _read)
