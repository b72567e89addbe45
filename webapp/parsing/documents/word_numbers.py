"""The numbers of a DOCX's lists, which are not in its text: "1.", "II.", "a)", "3.1.2"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.markup import attribute, child, children

if TYPE_CHECKING:
    from webapp.parsing.documents.ooxml import Package

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LEVELS = 9


class Numbers:
    """Counts the numbered paragraphs of a part, in order."""

    def __init__(self, package: Package, part: str) -> None:
        self._lists: dict[str, tuple[str, dict[int, Any]]] = {}
        self._styles: dict[str, tuple[str, str | None]] = {}
        self._based: dict[str, str] = {}
        self._counts: dict[str, list[int | None]] = {}
        for name in package.related(part, "numbering"):
            if (root := package.xml(name)) is not None:
                self._read_lists(root)
        for name in package.related(part, "styles"):
            if (root := package.xml(name)) is not None:
                self._read_styles(root)

    def label(self, paragraph: Any) -> str:
        """A paragraph's number and the space after it; empty if it has none."""
        asked = self._asked(paragraph)
        if asked is None or asked[0] not in self._lists:
            return ""
        number, level = asked
        abstract, levels = self._lists[number]
        if (definition := levels.get(level)) is None:
            return ""
        counts = self._counts.setdefault(abstract, [None] * _LEVELS)
        for at in range(level + 1):
            if counts[at] is None:
                counts[at] = _start(levels.get(at)) - (at == level)
        counts[level] = (counts[level] or 0) + 1
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        pattern = _value(definition, "lvlText") or ""
        if _value(definition, "numFmt") == "bullet":
            return "• "

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            form = _value(levels.get(at), "numFmt") or "decimal"
            return _written(counts[at] or 0, form)

        text = re.sub(r"%([1-9])", shown, pattern)
        return f"{text} " if text.strip() else ""

    def _asked(self, paragraph: Any) -> tuple[str, int] | None:
        """The list and level named by a paragraph, or by its style."""
        properties = child(paragraph, "pPr")
        direct = child(properties, "numPr") if properties is not None else None
        style = _value(properties, "pStyle") if properties is not None else None
        number = _value(direct, "numId")
        level = _value(direct, "ilvl")
        seen: set[str] = set()
        while style and style not in seen and (number is None or level is None):
            seen.add(style)
            styled = self._styles.get(style)
            if styled is not None:
                number = number or styled[0]
                level = level or styled[1]
            style = self._based.get(style)
        if number is None or not (level or "0").isdigit():
            return None
        return number, min(int(level or 0), _LEVELS - 1)

    def _read_lists(self, root: Any) -> None:
        abstract = {
            attribute(each, "abstractNumId"): _levels(each)
            for each in children(root, "abstractNum")
        }
        for each in children(root, "num"):
            base = _value(each, "abstractNumId") or ""
            levels = dict(abstract.get(base, {}))
            key = base
            for override in children(each, "lvlOverride"):
                levels |= _levels(override)
                if child(override, "startOverride") is not None:
                    key = f"{base}/{attribute(each, 'numId')}"  # it counts for itself
            self._lists[attribute(each, "numId") or ""] = (key, levels)

    def _read_styles(self, root: Any) -> None:
        for style in children(root, "style"):
            name = attribute(style, "styleId") or ""
            if based := _value(style, "basedOn"):
                self._based[name] = based
            numbered = child(style, "pPr", "numPr")
            if numbered is not None and (number := _value(numbered, "numId")):
                self._styles[name] = (number, _value(numbered, "ilvl"))


def _levels(parent: Any) -> dict[int, Any]:
    return {
        int(attribute(level, "ilvl") or 0): level
        for level in children(parent, "lvl")
        if (attribute(level, "ilvl") or "0").isdigit()
    }


def _value(parent: Any, name: str) -> str | None:
    """The `val` of a child element."""
    found = child(parent, name) if parent is not None else None
    return None if found is None else attribute(found, "val")


def _start(level: Any) -> int:
    value = _value(level, "start") or "1"
    return int(value) if value.isdigit() and len(value) < 9 else 1


def _written(number: int, form: str) -> str:
    if form.endswith("Letter") and number > 0:
        # a to z, then aa, bb, as Word counts.
        text = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 20)
    elif form.endswith("Roman") and 0 < number < 5000:
        text = ""
        for value, letters in _ROMAN:
            text += letters * (number // value)
            number %= value
    elif form == "decimalZero":
        return f"{number:02}"
    elif form == "none":
        return ""
    else:
        return str(number)
    return text.upper() if form.startswith("upper") else text
