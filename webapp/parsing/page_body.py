"""The element of which a page itself says that it has the article's text.

Extraction judges by how a text looks, and may take the comments below a short one, or the list of
other articles beside it, for the article. Blogs and news mark the text for search engines and feed
readers: as `articleBody` of schema.org, as `e-content` and `entry-content` of microformats, or with
the class names that themes have in their place. The benchmark `pages` has such pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.page_prose import joined, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.page_prose import Paragraph

_NAMES: Final = (
    *("e-content", "entry-content", "entry-body", "entry-text"),
    *("post-content", "post-entry", "post-body", "post-text", "postentry", "postcontent"),
    *("article-content", "article-body", "article-text", "articlebody"),
)
_CLASSES: Final = " or ".join(
    f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in _NAMES
)
_MARKED: Final = f"//*[@itemprop='articleBody' or {_CLASSES}]"

_LITTLE: Final = 200  # characters: less may be a caption
_MISSED: Final = 0.95  # of its characters: if more was found, the article was found


def marked_text(tree: Any, found: str) -> str | None:
    """The text that the page marks as its article's, if it is only one and next to nothing of it is
    in what was found."""
    marked = tree.xpath(_MARKED)[:2]
    if len(marked) == 2 and marked[0] in marked[1].iterancestors():
        marked = marked[:1]  # one in the other
    if len(marked) != 1:
        return None
    there = list(paragraphs(marked[0]))
    length = sum(len(each.text) for each in there)
    if length < _LITTLE or _missing(there, found) < _MISSED * length:
        return None
    return joined(there)


def _missing(there: Sequence[Paragraph], found: str) -> int:
    """How many characters of some paragraphs were not found."""
    known = "".join(found.split())
    return sum(len(each.text) for each in there if "".join(each.text.split()) not in known)
