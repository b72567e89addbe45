"""Reads HTML: all text on the page, not only an article, because somebody chose to keep all of
it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import lxml.etree
import lxml.html

from webapp.parsing.charset import decode
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.markup import check_depth
from webapp.parsing.documents.ooxml import moment

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p "
    "pre section summary table tbody textarea tfoot thead tr ul".split()
)
_PARAGRAPHS = frozenset("article blockquote dl h1 h2 h3 h4 h5 h6 ol p pre section table ul".split())
_SKIPPED = frozenset("head noscript script style template".split())
_SPACE = re.compile(r"[ \t\r\n\f]+")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_SHOWN = frozenset({None, "", "text", "button", "submit", "reset", "search", "email", "url", "tel"})


def read(source: Source, reading: Reading) -> Metadata:
    text, metadata = text_of(source.read())
    reading.page(text, of=1)
    return metadata


def text_of(data: bytes, charset: str | None = None) -> tuple[str, Metadata]:
    """The text of a page by lines, table cells separated by tabs, and its metadata."""
    root = parse_html(data, charset)
    return ("", Metadata()) if root is None else (element_text(root), _metadata(root))


def parse_html(data: bytes, charset: str | None = None) -> Any:
    """The root of a page; None if there is nothing on it."""
    text = _UNWANTED.sub("", decode(data, charset, markup=True))
    parser = lxml.html.HTMLParser(
        # Some pages nest deeper than 256; beyond 2,048 libxml2 gives up anyway.
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):  # nothing but white space
        return None
    check_depth(parser)
    return root


def element_text(root: Any) -> str:
    """The text of an element by lines; table cells are separated by tabs."""
    # A walk without recursion: pages nest deeper than Python calls may.
    parts: list[str] = []
    kept = 0  # the number of enclosing elements with significant white space

    def say(text: str | None) -> None:
        if not text:
            return
        if not kept:
            text = _SPACE.sub(" ", text)
            if not parts or parts[-1][-1] in " \n\t":
                text = text.lstrip(" ")
        if text:
            parts.append(text)

    def end_line(end: str) -> None:
        if parts and parts[-1] in {"\n", "\n\n"}:
            parts[-1] = max(parts[-1], end)
        elif parts:
            parts.append(end)

    walk = lxml.etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _SKIPPED:
                walk.skip_subtree()
                continue
            if tag == "br":
                parts.append("\n")
            elif tag in _BLOCKS:
                end_line("\n\n" if tag in _PARAGRAPHS else "\n")
            elif tag in {"td", "th"} and parts and parts[-1][-1] != "\n":
                parts.append("\t")
            elif tag == "img":
                say(element.get("alt"))
            elif tag == "input" and (element.get("type") or "").lower() in _SHOWN:
                say(element.get("value"))
            kept += tag in {"pre", "textarea"}
            say(element.text)
        else:
            if tag not in _SKIPPED:
                kept -= tag in {"pre", "textarea"}
                if tag in _BLOCKS:
                    end_line("\n\n" if tag in _PARAGRAPHS else "\n")
            if element is not root:
                say(element.tail)
    return re.sub(r"\n\s*\n", "\n\n", "".join(parts)).strip()


def _metadata(root: Any) -> Metadata:
    said = {
        (meta.get("name") or meta.get("property") or "").lower(): meta.get("content")
        for meta in root.xpath("//meta[@content]")[:500]
    }
    date = said.get("article:published_time") or said.get("dcterms.created") or said.get("date")
    title = root.xpath("string(//title)") or said.get("og:title")
    names = map(said.get, ("author", "description", "keywords"))
    return Metadata.of(title, *names, created=moment(date))
