"""A title for a text that has none, and one that says something."""

from __future__ import annotations

import re
from typing import Final

from webapp.rules.names import is_blank

# Characters of a document in which to look for a title.
_WITHIN: Final = 10_000
_WORD: Final = re.compile(r"[^\W\d_]{3}")
# What programs call a sheet or a slide until somebody names it.
_UNNAMED: Final = re.compile(
    r"(?:sheet|slide|tabelle|feuil|feuille|hoja|foglio|planilha|blad|arkusz|лист|folie|diapositive)"
    r" ?\d{1,3}",
    re.IGNORECASE,
)
_NO_TITLE: Final = re.compile(
    r"(?:untitled|unbenannt|no title|document|dokument|presentation|powerpoint[ -]presentation"
    r"|präsentation|book|workbook|mappe|classeur|title|titel)(?: ?\d{1,3})?",
    re.IGNORECASE,
)
_PRINTED_BY: Final = re.compile(
    r"Microsoft (?:Word|Excel|PowerPoint) - (.+?)(?:\.(?:docx?|xlsx?|pptx?|rtf|txt))?",
    re.IGNORECASE,
)


def first_line(text: str) -> str:
    """The first non-empty line, at most 60 characters. Raises StopIteration for none."""
    return next(line.strip() for line in text.splitlines() if not is_blank(line))[:60].rstrip()


def first_line_with_a_word(text: str) -> str | None:
    """The same of a document's first line with a word in it, unlike a page number or a date;
    and unlike the name of a sheet that nobody has named."""
    lines = text[:_WITHIN].splitlines()
    return next((first_line(line) for line in lines if _has_a_word(line)), None)


def given_title(said: str) -> str:
    """The title in a file's properties, without what a printing program puts around it; empty if it
    is only what a program calls a thing until somebody names it."""
    title = " ".join(said.split())
    if printed := _PRINTED_BY.fullmatch(title):
        title = printed[1]
    is_nothing = _NO_TITLE.fullmatch(title) or _UNNAMED.fullmatch(title)
    return "" if is_nothing else title[:200].strip()


def _has_a_word(line: str) -> bool:
    return bool(_WORD.search(line)) and not _UNNAMED.fullmatch(line.strip())
