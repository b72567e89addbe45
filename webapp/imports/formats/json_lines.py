"""Lines of JSON, as Coffer exports items and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from webapp.imports.format import Contents, Format, Refused
from webapp.imports.portable import portable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.format import Entry


class _Lines:
    """The entries of a file. The last line of an export says how many there are; if a file has two
    exports, both do. What somebody wrote by hand has no such line, and no ids."""

    def __init__(self, file: bytes) -> None:
        self._lines = file.splitlines()
        self._ends = 0
        self._stated = 0
        self._exported = 0
        self._by_hand = 0

    def entries(self) -> Iterator[Entry]:
        for number, line in enumerate(self._lines, start=1):
            if not line.strip():
                continue
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield Refused(number, "The line is not valid JSON.")
                continue
            if isinstance(value, dict) and value.get("type") == "end":
                count = value.get("count")
                self._ends += 1
                self._stated += count if isinstance(count, int) else 0
                continue
            if isinstance(value, dict) and value.keys() >= {"type", "id"}:
                self._exported += 1
            else:
                self._by_hand += 1
            yield portable(number, value, "The line")

    def counted(self) -> int:
        return max(self._here(), self._stated)

    def lacking(self) -> str | None:
        here = self._here()
        if self._ends and here < self._stated:
            return f"The file is not whole: it states {self._stated} entries, but has {here}."
        if self._exported > self._stated and not self._by_hand:
            return (
                "The file was cut: it has no line with the type end after its entries, as every"
                " export does. Export it again."
            )
        return None

    def _here(self) -> int:
        return sum(1 for line in self._lines if line.strip()) - self._ends


def _read(file: bytes) -> Contents:
    lines = _Lines(file.removeprefix(b"\xef\xbb\xbf"))
    return Contents(lines.entries(), lines.counted, lines.lacking)


FORMAT: Final = Format("json_lines", "json_lines", _read)
