"""A row a line, as a JSON object of its values by the names of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def json_lines(names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
    """The file in pieces, of batches of rows of values. Columns of equal names are numbered from
    2."""
    keys = different(names)
    for batch in batches:
        lines = (orjson.dumps(dict(zip(keys, row, strict=True))) for row in batch)
        yield b"".join(line + b"\n" for line in lines)


def different(names: Sequence[str]) -> list[str]:
    """The names, with numbers behind those that were there before."""
    taken = set(names)
    seen: set[str] = set()
    found = []
    for name in names:
        key, number = name, 1
        while key in seen or (number > 1 and key in taken):
            number += 1
            key = f"{name}_{number}"
        seen.add(key)
        found.append(key)
    return found
