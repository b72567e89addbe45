"""Names of files in an archive."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Separators, what Windows does not allow, and whatever is not shown or turns the direction of text.
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*]')
_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE
)
# With something before it: `.hidden` has no ending.
_ENDING: Final = re.compile(r"(?<=.)\.\w{1,10}\Z")
# Bytes of UTF-8: file systems allow 255, and a number may be added.
_LONGEST: Final = 200


class Names:
    """The paths in one archive: each leads to a place below where it is unpacked, on every system,
    and no two to the same."""

    def __init__(self, folders: Iterable[Sequence[str]] = ()) -> None:
        """`folders` are all that files will be in, so that no file takes the place of one."""
        self._times: Counter[str] = Counter()
        self._taken = {
            "/".join(map(safe, folder[:depth])).casefold()
            for folder in folders
            for depth in range(1, len(folder) + 1)
        }

    def path(self, folders: Sequence[str], name: str) -> str:
        """The path of a file in folders, the topmost first. Equal ones are numbered from 2."""
        above = "".join(f"{safe(folder)}/" for folder in folders)
        wanted = safe(name)
        ending = (_ENDING.search(wanted) or [""])[0]
        stem = wanted.removesuffix(ending)
        path = above + wanted
        same = path.casefold()
        while path.casefold() in self._taken:
            self._times[same] += 1
            path = f"{above}{stem} ({self._times[same] + 1}){ending}"
        self._taken.add(path.casefold())
        return path


def safe(name: str) -> str:
    """A name that is one part of a path on every system."""
    name = unicodedata.normalize("NFC", name)
    name = "".join(each if each.isprintable() else "_" for each in _UNSAFE.sub("_", name))
    ending = (_ENDING.search(name) or [""])[0]
    stem = name.removesuffix(ending).encode()[: _LONGEST - len(ending.encode())]
    name = (stem.decode(errors="ignore") + ending).strip().rstrip(". ")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name
