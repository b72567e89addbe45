"""A file that is one value of JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from webapp.imports.format import Contents, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from webapp.imports.format import Entry

# Entries by which a list is recognised.
_FIRST: Final = 20
_DEEPEST: Final = 100
# Half of a character, such as at the end of a title that was cut within one. A whole one and a
# backslash that is written twice are taken first, and stay.
_HALF: Final = re.compile(
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


class Document(NamedTuple):
    """A value, and the text that it was read from."""

    value: Any
    text: str


def load(text: str) -> Document:
    """What a text contains. Raises ValueError, with the reason."""
    try:
        return Document(orjson.loads(text), text)
    except orjson.JSONDecodeError:
        whole = _HALF.sub(lambda found: found[1] or r"\ufffd", text)
    try:
        return Document(orjson.loads(whole), text)
    except orjson.JSONDecodeError:
        raise ValueError("is not valid JSON, or is nested too deeply") from None


def list_with(value: Any, *fields: str) -> list[Any] | None:
    """A list whose first objects have the fields, or None."""
    if not isinstance(value, list):
        return None
    first = [each for each in value[:_FIRST] if isinstance(each, dict)]
    return value if any(all(name in each for name in fields) for each in first) else None


def contents(entries: Sequence[Any], entry: Callable[[int, dict[str, Any]], Entry]) -> Contents:
    """What `entry` makes of each object of a list, given its number."""
    return Contents(
        (
            entry(number, each)
            if isinstance(each, dict)
            else Refused(number, "The entry is not a JSON object.")
            for number, each in enumerate(entries, start=1)
        ),
        lambda: len(entries),
    )


def page(found: Contents, total: Any, more: Any, advice: str) -> Contents:
    """The contents of what an API gives: one page of several, if it states a larger total, or says
    by anything but null what comes next."""
    here = found.counted()
    stated = total if isinstance(total, int) else 0
    if stated <= here and more is None:
        return found
    of_all = f" of {stated}" if stated > here else ""
    said = f"The file has {here}{of_all} bookmarks: it is one page of several; {advice}."
    return found._replace(counted=lambda: max(here, stated), lacking=lambda: said)


def children(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list in an object; none if there is no such list."""
    found = value.get(name) if isinstance(value, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def strings(value: Any) -> list[str]:
    """The strings of a list, or a string itself."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def paths(folders: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """The names of folders, each with those of the folders around it, outermost first, by `id`; a
    folder says by `parentId` what is around it."""
    by_id = {str(each.get("id")): each for each in folders}
    found: dict[str, list[str]] = {}
    for each in by_id:
        names: list[str] = []
        seen: set[str] = set()
        at = each
        while at in by_id and at not in seen and len(seen) < _DEEPEST:
            seen.add(at)
            names += strings(by_id[at].get("name"))
            at = str(by_id[at].get("parentId"))
        found[each] = names[::-1]
    return found


def address(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) else None
