"""What of a web page its readers do not see, and what their eyes do not miss."""

from __future__ import annotations

import re
from typing import Any, Final

# Attributes by which an element is not shown; as browsers and Readability understand them.
_HIDDEN: Final = "//body//*[@hidden or @aria-hidden = 'true' or @style]"
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
    hidden = [element for element in tree.xpath(_HIDDEN) if _is_hidden(element)]
    if not hidden:
        return
    shown = len(tree.text_content())
    lost = sum(
        len(element.text_content())
        for element in hidden
        if not any(_is_hidden(above) for above in element.iterancestors())
    )
    if shown - lost < _ENOUGH * shown:
        return
    for element in hidden:
        if element.getparent() is not None:
            element.drop_tree()


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
