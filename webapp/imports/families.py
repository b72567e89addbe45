"""Families of formats: how a file is loaded, and which of the family's formats it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports import document, likely
from webapp.imports.format import Contents, of_family
from webapp.imports.table import Table
from webapp.parsing.charset import decode

if TYPE_CHECKING:
    from collections.abc import Callable


def contents_of(file: bytes, family: str, charset: str | None) -> tuple[str, Contents]:
    """The name of a file's format, and its contents; if it is of none, nothing but the reason."""
    if packed := likely.packed(file):
        return family, _unread(packed)
    if family in likely.TAKE_ANY and (said := _otherwise(file, family, charset, is_tried=False)):
        return family, _unread(said)
    try:
        loaded = _LOADS[family](file, charset)
    except ValueError as error:
        return family, _unread(_otherwise(file, family, charset) or str(error))
    for each in of_family(family):
        contents = each.read(loaded)
        if contents is not None:
            return each.name, contents
    known = ", ".join(sorted(each.name for each in of_family(family)))
    said = _otherwise(file, family, charset)
    return family, _unread(said or f"is of none of these formats: {known}")


def _otherwise(
    file: bytes, family: str, charset: str | None, *, is_tried: bool = True
) -> str | None:
    """What a file looks like, if not like those of its family. `is_tried` says that none of the
    family's formats takes it; otherwise one may, so there must be nothing in it for them."""
    text = decode(file, charset)
    if is_tried or likely.has_nothing_for(family, text):
        return likely.otherwise(text, family)
    return None


def _unread(said: str) -> Contents:
    return Contents([], lambda: 0, lambda: f"The file {said}.")


def _lines(file: bytes, charset: str | None) -> bytes:
    try:
        file.decode()
    except UnicodeDecodeError:
        return decode(file, charset).encode()
    return file


_LOADS: Final[dict[str, Callable[[bytes, str | None], Any]]] = {
    "bookmarks": lambda file, charset: decode(file, charset, markup=True),
    "comma_separated": lambda file, charset: Table(decode(file, charset)),
    "outlines": lambda file, charset: decode(file, charset, markup=True),
    "json": lambda file, charset: document.load(decode(file, charset)),
    "json_lines": _lines,
}
