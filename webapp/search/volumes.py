"""Decides which part of the index is read next; migrations/0016-search-index.sql explains its
division."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How many volumes a volume, a shelf and a bookcase contain, as the index calls them.
_LEVELS: Final = (("", 1), ("8", 8), ("64", 64))
# A part may have so many times as many volumes as are wanted: fewer parts are read faster.
_OVERSHOOT: Final = 2
# The next look is at so many times as many volumes as were read, at most: old volumes may be full
# of what new ones lack. After the newest volume, which may be nearly empty and says little, it is
# at no more than a full shelf has.
_GROWTH: Final = 64
_FIRST_GROWTH: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the index: the suffix of its name, and the shelves that it contains or is in. None
    for what is looked for by its id, wherever it is."""

    name: str | None
    shelves: tuple[int, ...]


class Unread:
    """What remains to be read of some collections, each from its newest volume on."""

    def __init__(self, volumes: Iterable[Sequence[int]]) -> None:
        """`volumes` has each volume's id, shelf, bookcase and collection, newest first."""
        self.volumes_read = 0
        self._looks = 0
        self._collections: dict[int, list[Sequence[int]]] = {}
        for volume in volumes:
            self._collections.setdefault(volume[-1], []).append(volume)

    def take(self, wanted: float) -> list[Place]:
        """The next places of each collection, with as many volumes as are wanted, or a few more."""
        growth = _FIRST_GROWTH if self._looks == 1 else _GROWTH
        wanted = min(wanted, growth * max(self.volumes_read, 1))
        most = max(wanted, 1) * _OVERSHOOT
        level = max(i for i, (_, size) in enumerate(_LEVELS) if size <= most)
        self._looks += 1
        places = []
        for collection, unread in list(self._collections.items()):
            parts = [list(volumes) for _, volumes in groupby(unread, key=itemgetter(level))]
            taken = 0
            while parts and taken < wanted:
                part = parts.pop(0)
                shelves = dict.fromkeys(volume[1] for volume in part)
                places.append(Place(f"{_LEVELS[level][0]}:{part[0][level]}", tuple(shelves)))
                taken += len(part)
            self.volumes_read += taken
            if parts:
                self._collections[collection] = [volume for part in parts for volume in part]
            else:
                del self._collections[collection]
        return places
