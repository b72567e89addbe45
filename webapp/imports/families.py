"""Families of formats: how a file is loaded, and which of the family's formats it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports import document
from webapp.imports.format import Contents, Refused, of_family
from webapp.imports.table import Table
from webapp.parsing.charset import decode

if TYPE_CHECKING:
    from collections.abc import Callable


def contents_of(file: bytes, family: str, charset: str | None) -> tuple[str, Contents]:
    """The name of a file's format, and its contents; if it is of none, of that an entry."""
    try:
        loaded = _LOADS[family](file, charset)
    except ValueError as error:
        return family, _refused(f"The file {error}.")
    for each in of_family(family):
        contents = each.read(loaded)
        if contents is not None:
            return each.name, contents
    known = ", ".join(sorted(each.name for each in of_family(family)))
    return family, _refused(f"The file is of none of these formats: {known}.")


def _refused(message: str) -> Contents:
    return Contents([Refused(1, message)], lambda: 1)


def _lines(file: bytes, charset: str | None) -> bytes:
    try:
        file.decode()
    except UnicodeDecodeError:
        return decode(file, charset).encode()
    return file


_LOADS: Final[dict[str, Callable[[bytes, str | None], Any]]] = {
    "bookmarks": lambda file, charset: decode(file, charset, markup=True),
    "comma_separated": lambda file, charset: Table(decode(file, charset)),
    "json": lambda file, charset: document.load(decode(file, charset)),
    "json_lines": _lines,
}
