"""Firefox's backup: a tree of JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, children
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import path, summary, tags, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.document import Document
    from webapp.imports.texts import Path

_LINK: Final = "text/x-moz-place"
_FOLDER: Final = "text/x-moz-place-container"
_COUNTED: Final = re.compile(rf'"type"\s*:\s*"{_LINK}"')
_DESCRIPTION: Final = "bookmarkProperties/description"


def _read(document: Document) -> Contents | None:
    root = document.value
    if not isinstance(root, dict) or root.get("type") != _FOLDER:
        return None
    paths: dict[Path, None] = {}
    return Contents(
        _links(root, paths),
        lambda: sum(1 for _ in _COUNTED.finditer(document.text)),
        folders=lambda: paths,
        folders_are_tags=True,
    )


def _links(root: dict[str, Any], paths: dict[Path, None]) -> Iterator[Link]:
    """The links below a folder, whose folders are noted."""
    number = 0
    left: list[tuple[dict[str, Any], Path]] = [(root, ())]
    while left:
        node, folder = left.pop()
        if node.get("type") == _LINK:
            number += 1
            yield _link(number, node, folder)
        elif node.get("type") == _FOLDER:
            # The folders that Firefox itself makes say nothing about what is in them.
            if "root" not in node:
                folder = path([*folder, node.get("title")])
                paths[folder] = None
            left.extend((each, folder) for each in reversed(children(node, "children")))


def _link(number: int, node: dict[str, Any], folder: Path) -> Link:
    notes = children(node, "annos")
    names = node.get("tags")
    return Link(
        number,
        address(node.get("uri")),
        title=title(node.get("title")),
        summary=summary(*(each.get("value") for each in notes if each.get("name") == _DESCRIPTION)),
        tags=tags(names.split(",") if isinstance(names, str) else ()),
        added=seconds(node.get("dateAdded")),
        folders=[folder],
    )


FORMAT: Final = Format("firefox", "json", _read)
