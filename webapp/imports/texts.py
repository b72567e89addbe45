"""Titles, descriptions and names of tags, in the form that the library keeps them in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from webapp.rules.names import fold, is_blank, tag_name

if TYPE_CHECKING:
    from collections.abc import Iterable

# A folder: its name after those of the folders around it, outermost first; none for the top.
Path: TypeAlias = tuple[str, ...]

MOST_TAGS: Final = 20
_MOST_LEVELS: Final = 32
_LONGEST_FOLDER: Final = 200
_LONGEST_TAG: Final = 50
_LONGEST_TITLE: Final = 200
_LONGEST_SUMMARY: Final = 2000
_LONGEST_NOTE: Final = 10_000
_LONGEST_CONTENT: Final = 500_000
_LONGEST_AUTHOR: Final = 200
_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)")
# Controls, and halves of characters that JSON can write alone: in no text.
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_END: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_SPACES: Final = re.compile(r"(?<=\S)[^\S\n]+")


def readable(text: str) -> str:
    """A text without the characters that no text has."""
    return text if text.isprintable() else _UNREADABLE.sub("", text)


def title(written: Any) -> str | None:
    """One line; None for nothing, or nothing that anybody can see."""
    line = " ".join(_text(written).split())[:_LONGEST_TITLE].rstrip()
    return None if is_blank(line) else line


def summary(*written: Any) -> str | None:
    """Texts with their lines, one after another; None for nothing. No text is there twice."""
    parts: list[str] = []
    for text in map(lines, written):
        if text and not any(text in each for each in parts):
            parts.append(text)
    return "\n\n".join(parts)[:_LONGEST_SUMMARY].rstrip() or None


def note(written: Any) -> str | None:
    """The text of a note, as long as it may be."""
    return _text(written).strip()[:_LONGEST_NOTE].rstrip() or None


def whole_note(written: Any) -> str | None:
    """The whole text, if it is too long for a note."""
    return content(written) if len(_text(written).strip()) > _LONGEST_NOTE else None


def content(written: Any) -> str | None:
    """A long text, such as that of a page."""
    return lines(written)[:_LONGEST_CONTENT].rstrip() or None


def author(names: Iterable[str]) -> str | None:
    return " ".join(readable(", ".join(names)).split())[:_LONGEST_AUTHOR].rstrip() or None


def language(written: Any) -> str | None:
    """ISO 639-1: `en` from `en_GB`."""
    found = _LANGUAGE.match(written) if isinstance(written, str) else None
    return found[1].lower() if found else None


def lines(written: Any) -> str:
    """A text with its lines, each without trailing spaces, at most one in a row blank."""
    text = _text(written).strip()
    if not _LINE_END.search(text):
        return " ".join(text.split())
    text = _LINE_END.sub("\n", text)
    kept: list[str] = []
    for line in text.split("\n"):
        line = _SPACES.sub(" ", line).rstrip()
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def tags(names: Iterable[Any]) -> list[str]:
    """Names in the form of tags, each once."""
    found: dict[str, str] = {}
    for name in names:
        short = tag_name(_text(name))[:_LONGEST_TAG].strip()
        if not is_blank(short):
            found.setdefault(fold(short), short)
    return list(found.values())[:MOST_TAGS]


def path(names: Iterable[Any]) -> Path:
    """The path of a folder, without those names in which there is nothing to see. What is deeper
    than a folder may be is in the last one that may."""
    found: list[str] = []
    for name in names:
        if len(found) == _MOST_LEVELS:
            break
        line = " ".join(_text(name).split())[:_LONGEST_FOLDER].rstrip()
        if not is_blank(line):
            found.append(line)
    return tuple(found)


def _text(written: Any) -> str:
    return readable(written) if isinstance(written, str) else ""
