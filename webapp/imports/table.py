"""A file of comma-separated values: its columns, and its rows with their lines."""

from __future__ import annotations

import csv
import re
import sys
from io import StringIO
from typing import TYPE_CHECKING, Final

from webapp.imports.format import Contents, Refused
from webapp.imports.texts import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webapp.imports.format import Entry

# A quoted value, which may contain line ends, by what separates it from others; the quotation marks
# in it are doubled.
_QUOTED: Final = {
    each: re.compile(rf'(?:(?<=[{each}\r\n])|\A)"(?:[^"]|"")*+"(?=[{each}\r\n]|\Z)')
    for each in ",;\t"
}
_LINE_END: Final = re.compile(r"[\r\n]+")

csv.field_size_limit(sys.maxsize)


class Table:
    """The columns of a file, in lower case, and its rows."""

    def __init__(self, text: str) -> None:
        self._text = readable(text).lstrip("\r\n")
        head = _LINE_END.split(self._text, maxsplit=1)[0]
        self._delimiter = max(_QUOTED, key=head.count)
        self._rows = csv.reader(StringIO(self._text, newline=""), delimiter=self._delimiter)
        self.columns = [name.strip().lower() for name in next(self._rows, [])]

    def contents(self, entry: Callable[[int, dict[str, str]], Entry]) -> Contents:
        """What `entry` makes of each row, given its line and its values by column."""
        return Contents(self._entries(entry), self._counted)

    def _entries(self, entry: Callable[[int, dict[str, str]], Entry]) -> Iterator[Entry]:
        line = self._rows.line_num + 1
        for values in self._rows:
            if values:
                width = len(self.columns)
                if len(values) > width:
                    yield Refused(line, f"Has {len(values)} values for {width} columns.")
                else:
                    values += [""] * (width - len(values))
                    yield entry(line, dict(zip(self.columns, values, strict=True)))
            line = self._rows.line_num + 1

    def _counted(self) -> int:
        """The lines of the file, those in quotation marks left out."""
        lines = _LINE_END.split(_QUOTED[self._delimiter].sub('""', self._text))
        return sum(1 for line in lines if line.strip()) - 1
