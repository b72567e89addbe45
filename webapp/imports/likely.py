"""What a file looks like that was sent as something else, or is packed."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from webapp.imports.markup import LINK

# By the bytes with which they begin.
_PACKED: Final = {
    b"PK\x03\x04": "is a ZIP: unpack it and send the file inside",
    b"PK\x05\x06": "is a ZIP, and empty",
    b"\x1f\x8b": "is compressed by gzip: unpack it and send the file inside",
    b"mozLz40\x00": "is a compressed backup of Firefox: make one in its library, which is JSON",
}
_NAMES: Final = {
    "text/html": "HTML",
    "text/x-opml": "OPML",
    "text/csv": "comma-separated values",
    "application/json": "JSON",
    "application/x-ndjson": "lines of JSON",
}
_TYPES: Final = {
    "bookmarks": "text/html",
    "outlines": "text/x-opml",
    "comma_separated": "text/csv",
    "json": "application/json",
    "json_lines": "application/x-ndjson",
}
# The families of which a format takes any text.
TAKE_ANY: Final = frozenset({"bookmarks", "json_lines"})
_JSON: Final = re.compile(r'(?:\[\s*)?\{\s*"')
_BEFORE: Final = "\ufeff \t\r\n"
_LONGEST_HEAD: Final = 1000
_OPML: Final = re.compile(r"<opml[\s>]", re.IGNORECASE)
_OF_ENTRIES: Final = ("source_url", "raw_text")
_OBJECT: Final = re.compile(r"(?m)^[^\S\n]*+\{")


def packed(file: bytes) -> str | None:
    """What a file is that has to be unpacked, and what to do."""
    return next((said for begins, said in _PACKED.items() if file.startswith(begins)), None)


def otherwise(text: str, family: str) -> str | None:
    """What a text looks like, and how to send it, if that is not as a family's files are sent."""
    likely = _likely(text.lstrip(_BEFORE))
    if likely is None or likely == _TYPES[family]:
        return None
    return f"looks like {_NAMES[likely]}: send it as {likely}"


def has_nothing_for(family: str, text: str) -> bool:
    """Whether one of the families that take any text finds nothing in this one."""
    if family == "bookmarks":
        return text.lstrip(_BEFORE).startswith(("{", "[")) or LINK.search(text) is None
    return _OBJECT.search(text) is None or _is_one_value(text)


def _likely(text: str) -> str | None:
    first, _, rest = text.partition("\n")
    if text.startswith("<"):
        return "text/x-opml" if _OPML.search(text, 0, _LONGEST_HEAD) else "text/html"
    if text.startswith(("{", "[")):
        if _is_entry(first, rest.lstrip()):
            return "application/x-ndjson"
        return "application/json" if _JSON.match(text) else None
    names = {name.strip(' "\r').lower() for name in re.split("[,;\t]", first[:_LONGEST_HEAD])}
    return "text/csv" if "url" in names and len(names) > 1 else None


def _is_entry(line: str, rest: str) -> bool:
    """Whether a line is an entry, and others may follow."""
    value = _value(line)
    if not isinstance(value, dict):
        return False
    return rest.startswith("{") or (not rest and not value.keys().isdisjoint(_OF_ENTRIES))


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _is_one_value(text: str) -> bool:
    """Whether a text is one value of JSON, not an entry in each line."""
    first, _, rest = text.strip(_BEFORE).partition("\n")
    value = _value(first)
    if rest:
        return not isinstance(value, dict) and _value(text.lstrip(_BEFORE)) is not None
    return isinstance(value, dict) and value.keys().isdisjoint(_OF_ENTRIES) and _has_list(value)


def _has_list(value: dict[str, Any]) -> bool:
    """Whether an object has a list of objects."""
    lists = (each for each in value.values() if isinstance(each, list))
    return any(isinstance(first, dict) for each in lists for first in each[:1])
