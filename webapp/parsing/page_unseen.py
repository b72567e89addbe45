"""What of a web page its readers do not see, and what their eyes do not miss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# Styles by which an element is not shown; as Readability understands them.
_STYLED: Final = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE
)
# Of what is left, this part of the text at least must still be there: some pages are hidden until a
# script shows them.
_ENOUGH: Final = 0.3

# Joiners stand within words of Persian and Hindi and within emoji. Libraries take them for control
# characters and remove them, so letters that hardly any page has stand for them meanwhile.
_JOINERS: Final = {"\u200c": "\U00010380", "\u200d": "\U00010381"}  # Ugaritic
_WRITTEN: Final = {
    "\u200c": re.compile("\u200c|&zwnj;|&#0*8204;|&#[xX]0*200[cC];"),
    "\u200d": re.compile("\u200d|&zwj;|&#0*8205;|&#[xX]0*200[dD];"),
}


def without_hidden(tree: Any) -> None:
    """Remove what is hidden from a page, unless hardly anything would be left of it."""
    hidden = list(_hidden(tree))
    shown = _length(tree) if hidden else 0
    lost = sum(map(_length, hidden))
    if shown - lost >= _ENOUGH * shown:
        for element in hidden:
            element.drop_tree()


def _length(element: Any) -> int:
    """Characters of text, without scripts and white space."""
    texts = element.xpath(".//text()[not(parent::script or parent::style or parent::noscript)]")
    return sum(len(text.strip()) for text in texts)


def _hidden(tree: Any) -> Iterator[Any]:
    """The hidden elements of a page that are in no other one."""
    import lxml.etree

    walk = lxml.etree.iterwalk(tree, events=("start",))
    for _, element in walk:
        if element.tag not in ("html", "head", "body") and _is_hidden(element):
            walk.skip_subtree()
            yield element


def _is_hidden(element: Any) -> bool:
    given = element.attrib
    if "hidden" in given or _STYLED.search(given.get("style", "")):
        return True
    # A picture of a formula is hidden from those who hear the formula itself.
    return given.get("aria-hidden") == "true" and "fallback-image" not in given.get("class", "")


def with_joiners_as_letters(markup: str) -> str:
    """A page in which joiners are letters, which `with_joiners` undoes."""
    for joiner, written in _WRITTEN.items():
        markup = written.sub(_JOINERS[joiner], markup)
    return markup


def with_joiners(text: str | None) -> str | None:
    """A text of such a page as it was."""
    if text is None:
        return None
    for joiner, letter in _JOINERS.items():
        text = text.replace(letter, joiner)
    return text
