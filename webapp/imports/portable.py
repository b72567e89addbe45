"""Items and tasks as Coffer exports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.imports.format import Portable, Refused

if TYPE_CHECKING:
    from webapp.imports.format import Entry


def portable(place: int, value: Any, called: str) -> Entry:
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
