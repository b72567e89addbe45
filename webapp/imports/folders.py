"""The folders of a file as a tree, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.rules.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.imports.texts import Path

# What is in one more folder is put into the one around it.
MOST_FOLDERS: Final = 20_000


class Folders:
    """Numbered, so that each comes after the one around it; names that differ in case are one."""

    def __init__(self) -> None:
        # The number of the one around it, and its name.
        self.rows: list[tuple[int | None, str]] = []
        self.is_full = False
        self._numbers: dict[tuple[int | None, str], int] = {}
        self._known: dict[Path, int | None] = {}

    def numbers_of(self, paths: Iterable[Path]) -> list[int]:
        """The numbers of folders, each once."""
        found = map(self._number_of, paths)
        return list(dict.fromkeys(number for number in found if number is not None))

    def _number_of(self, names: Path) -> int | None:
        """The number of a folder; None for the top, where things are in no folder."""
        if names in self._known:
            return self._known[names]
        around: int | None = None
        for name in names:
            place = (around, fold(name))
            number = self._numbers.get(place)
            if number is None:
                if len(self.rows) == MOST_FOLDERS:
                    self.is_full = True
                    break
                number = self._numbers[place] = len(self.rows)
                self.rows.append((around, name))
            around = number
        self._known[names] = around
        return around
