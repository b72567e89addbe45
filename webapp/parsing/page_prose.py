"""The prose of a page: its paragraphs, lists and tables as lines of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SPACE = re.compile(r"\s+")


class Paragraph(NamedTuple):
    """A paragraph with the marker of its list item or table row, which its text begins with, and
    how many of its characters are in links."""

    mark: str | None
    text: str
    linked: int


# Elements that start a paragraph, in HTML and in trafilatura's result (`item`, `row`, `quote`, and
# `head` for a heading).
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure form h1 h2 h3 h4 h5 h6 head header hr item legend li list main menu ol p "
    "pre quote row section summary table tbody tfoot thead tr ul".split()
)
_SKIPPED = frozenset(
    "applet audio button canvas embed footer iframe input map math nav noembed noframes noscript "
    "object script select style svg template textarea title video".split()
)
_ITEMS = {"li": "- ", "item": "- ", "tr": "", "row": ""}  # one line each, no blank line between
_CELLS = frozenset({"td", "th", "cell"})
_KEPT = frozenset({"pre", "quote", "code"})  # significant white space


def prose(root: Any) -> str:
    """The prose below `root`: paragraphs with a blank line between, lists and tables by line."""
    return joined(paragraphs(root))


def joined(some: Iterable[Paragraph]) -> str:
    """Paragraphs as one text."""
    out: list[str] = []
    before = None
    for mark, text, _ in some:
        out += ["" if not out else "\n" if mark is not None and mark == before else "\n\n", text]
        before = mark
    return "".join(out)


def paragraphs(root: Any) -> Iterator[Paragraph]:
    """Each paragraph below `root`, after the marker of a list item or a table row.

    A walk without recursion: pages nest deeper than Python calls may.
    """
    import lxml.etree

    words: list[str] = []
    mark: str | None = None  # the marker of the current item, until it has text
    kept = 0  # the number of enclosing `_KEPT` elements
    links = 0  # the number of enclosing links
    linked = 0  # characters in links

    def say(text: str | None) -> None:
        nonlocal linked
        if text and not kept:
            text = _SPACE.sub(" ", text)
            if not words or words[-1][-1] in " \n":
                text = text.lstrip()
        if text:
            words.append(text)
            linked += len(text) if links else 0

    def finish() -> Iterator[Paragraph]:
        nonlocal mark, linked
        text = "".join(words).strip(" |\n\t")
        words.clear()
        if text:
            yield Paragraph(mark, (mark or "") + text, linked)
            mark = None
        linked = 0

    walk = lxml.etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            # trafilatura's `head` is a heading anywhere in the body; HTML's own is not prose.
            if tag in _SKIPPED or (tag == "head" and element.getparent().tag == "html"):
                walk.skip_subtree()
                continue
            if tag in _BLOCKS:
                yield from finish()
                mark = _ITEMS.get(tag, mark)
            elif tag in _CELLS and words:
                words.append(" | ")
            elif tag in {"br", "lb"}:
                words.append("\n")
            kept += tag in _KEPT
            links += tag == "a"
            say(element.text)
        else:
            kept -= tag in _KEPT
            links -= tag == "a"
            if tag in _BLOCKS:
                yield from finish()
                mark = None if tag in _ITEMS else mark
            if element is not root:
                say(element.tail)
    yield from finish()
