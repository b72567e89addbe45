"""A workspace's folders in the order in which files nest them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    Row = dict[str, Any]


def walked(folders: Iterable[Row]) -> Iterator[tuple[Row, int]]:
    """Each folder with its level, before those in it; those in one folder in their order."""
    tree: dict[UUID | None, list[Row]] = {}
    for folder in folders:
        tree.setdefault(folder["parent_id"], []).append(folder)
    left = [(folder, 0) for folder in reversed(tree.get(None, []))]
    while left:
        folder, level = left.pop()
        yield folder, level
        left += ((inner, level + 1) for inner in reversed(tree.get(folder["id"], [])))
