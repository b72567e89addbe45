"""Decides which part of the index is read next; migrations/0016-search-index.sql explains its
division."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How many volumes a volume, a shelf, a bookcase and a collection contain, as the index calls them.
_LEVELS: Final = (("", 1.0), ("8", 8.0), ("64", 64.0), ("*", inf))
# A level is chosen if it has half of what is wanted.
_ENOUGH: Final = 2
# The next look goes up at most so many levels: old volumes may be full of what new ones lack. From
# the newest volume it goes to a shelf, since that volume may be nearly empty and says little.
_STEP: Final = 2
_FIRST_STEP: Final = 1


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
        self._level = 0
        self._collections: dict[int, list[Sequence[int]]] = {}
        for volume in volumes:
            self._collections.setdefault(volume[-1], []).append(volume)

    def take(self, wanted: float) -> list[Place]:
        """The next place of each collection, with about as many volumes as are wanted."""
        if self.volumes_read:
            fitting = next(i for i, (_, size) in enumerate(_LEVELS) if size * _ENOUGH >= wanted)
            self._level = min(fitting, self._level + (_STEP if self._level else _FIRST_STEP))
        name, _ = _LEVELS[self._level]
        places = []
        for collection, unread in list(self._collections.items()):
            chosen = unread[0][self._level]
            taken = [volume for volume in unread if volume[self._level] == chosen]
            left = [volume for volume in unread if volume[self._level] != chosen]
            shelves = dict.fromkeys(volume[1] for volume in taken)
            places.append(Place(f"{name}:{chosen}", tuple(shelves)))
            self.volumes_read += len(taken)
            if left:
                self._collections[collection] = left
            else:
                del self._collections[collection]
        return places
