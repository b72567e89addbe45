"""What a format of imported files is.

A format is a module of `webapp/imports/formats/` with a `FORMAT` in it; there is no list of them.
It belongs to a family, which says how its files are loaded, and is told from the others of its
family by what is in the file.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.imports import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webapp.imports.texts import Path


@dataclass(slots=True)
class Link:
    """A bookmark, with whatever the file says of it; `added` is in seconds since 1970.

    `place` is where it is: its line, or its number. `times` counts the entries of the file that it
    stands for, since a page becomes one item. `folders` are those that it is in.
    """

    place: int
    source_url: str | None
    title: str | None = None
    summary: str | None = None
    tags: list[str] = field(default_factory=list)
    added: float | None = None
    raw_text: str | None = None
    content: str | None = None
    language: str | None = None
    author: str | None = None
    published: float | None = None
    is_read: bool = False
    is_favourite: bool = False
    # as the API has them
    annotations: list[dict[str, Any]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    times: int = 1


class Subscription(NamedTuple):
    """A feed, and the folder that it is in."""

    place: int
    url: str
    name: str | None
    tags: list[str]
    folder: Path


class Portable(NamedTuple):
    """An item or a task as Coffer exports it."""

    place: int
    entity: str
    entry: dict[str, Any]


class Refused(NamedTuple):
    """An entry that cannot be read, and why."""

    place: int
    message: str
    address: str | None = None


Entry = Link | Subscription | Portable | Refused


def _is_whole() -> None:
    """Nothing says that the file is a part of something."""


def _none() -> Iterable[Path]:
    """No folders but those that something is in."""
    return ()


class Contents(NamedTuple):
    """The entries of a file. `counted` gives how many there must be, by a plain count that does not
    depend on how they are read, or by what the file itself says. `lacking` gives a sentence on why
    the file is not all of what it is from, or None. `folders` gives folders that may be empty. All
    three are asked when all have been read.

    `folders_are_tags` says that folders become tags too unless something else is asked for: in
    browsers, they are the only names that most bookmarks are found by."""

    entries: Iterable[Entry]
    counted: Callable[[], int]
    lacking: Callable[[], str | None] = _is_whole
    folders: Callable[[], Iterable[Path]] = _none
    folders_are_tags: bool = False


class Format(NamedTuple):
    """A format. `read` gives the contents of a loaded file, or None if it is of another format."""

    name: str
    family: str
    read: Callable[[Any], Contents | None]


def of_family(family: str) -> list[Format]:
    """The formats of a family."""
    names = (module.name for module in pkgutil.iter_modules(formats.__path__))
    found = (import_module(f"{formats.__name__}.{name}").FORMAT for name in names)
    return [each for each in found if each.family == family]
