"""Items and tasks as Coffer exports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.imports.format import Portable, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.format import Entry


class Export:
    """The entries of a file, and what it says of their number. The last line of an export says how
    many there are; if a file has two exports, both do. What somebody wrote by hand has no such
    line, and no ids."""

    def __init__(self) -> None:
        self._ends = 0
        self._stated = 0
        self._exported = 0
        self._by_hand = 0

    def take(self, place: int, value: Any, called: str) -> Iterator[Entry]:
        """The entry that a value is, if it is not the end of an export."""
        if isinstance(value, dict) and value.get("type") == "end":
            count = value.get("count")
            self._ends += 1
            self._stated += count if isinstance(count, int) else 0
            return
        if isinstance(value, dict) and value.keys() >= {"type", "id"}:
            self._exported += 1
        else:
            self._by_hand += 1
        yield _portable(place, value, called)

    def counted(self, values: int) -> int:
        """How many entries there must be, given how many values the file has."""
        return max(values - self._ends, self._stated)

    def lacking(self, values: int) -> str | None:
        """Why the file is not whole, if it is not."""
        here = values - self._ends
        if self._ends and here < self._stated:
            return f"The file is not whole: it states {self._stated} entries, but has {here}."
        if self._exported > self._stated and not self._by_hand:
            return (
                "The file was cut: it has no line with the type end after its entries, as every"
                " export does. Export it again."
            )
        return None


def _portable(place: int, value: Any, called: str) -> Entry:
    """An entry of JSON, or why it cannot be read."""
    if not isinstance(value, dict):
        return Refused(place, f"{called} is not a JSON object.")
    entity = value.pop("type", "item")
    if entity not in ("item", "task"):
        return Refused(place, "The type is neither item nor task.")
    try:
        if _has_nul(value):
            return Refused(place, "Contains U+0000, which cannot be stored.")
    except RecursionError:
        return Refused(place, "Is nested too deeply.")
    return Portable(place, entity, value)


def _has_nul(value: Any) -> bool:
    """Whether it contains a character that the database does not accept."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_has_nul(each) for each in value)
