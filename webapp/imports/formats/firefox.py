"""Firefox's backup: a tree of JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, children
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import summary, tags, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.imports.document import Document

_LINK: Final = "text/x-moz-place"
_FOLDER: Final = "text/x-moz-place-container"
_COUNTED: Final = re.compile(rf'"type"\s*:\s*"{_LINK}"')
_DESCRIPTION: Final = "bookmarkProperties/description"


def _read(document: Document) -> Contents | None:
    root = document.value
    if not isinstance(root, dict) or root.get("type") != _FOLDER:
        return None
    return Contents(_links(root), lambda: sum(1 for _ in _COUNTED.finditer(document.text)))


def _links(root: dict[str, Any]) -> Iterator[Link]:
    number = 0
    left: list[tuple[dict[str, Any], Sequence[str]]] = [(root, ())]
    while left:
        node, folders = left.pop()
        if node.get("type") == _LINK:
            number += 1
            yield _link(number, node, folders)
        elif within := children(node, "children"):
            # The folders that Firefox itself makes say nothing about what is in them.
            if "root" not in node:
                folders = tags([*folders, node.get("title")])
            left.extend((each, folders) for each in reversed(within))


def _link(number: int, node: dict[str, Any], folders: Sequence[str]) -> Link:
    notes = children(node, "annos")
    names = node.get("tags")
    return Link(
        number,
        address(node.get("uri")),
        title=title(node.get("title")),
        summary=summary(*(each.get("value") for each in notes if each.get("name") == _DESCRIPTION)),
        tags=tags([*(names.split(",") if isinstance(names, str) else ()), *folders]),
        added=seconds(node.get("dateAdded")),
    )


FORMAT: Final = Format("firefox", "json", _read)
