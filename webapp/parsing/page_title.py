"""The title of a web page.

What a page states for sharing is meant to be its title. `<title>` usually has the site's name in
it, in front or behind, and an `h1` may be the page's title, the site's name or the heading of a
box. So each is compared with the others, and only what is known to be the site's name is left out:
a title with too much is better than one that says nothing.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_TITLE: Final = 300  # characters

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"\w+")
# Between a title and the name of its site.
_SEPARATOR: Final = re.compile(r"\s+(?:[|\-–—―·•∙⋅»«›‹:/\\>~]|::|\|\|)\s+|\s*[|｜]\s*")
# A reference to a character that is still there after parsing was escaped twice.
_ESCAPED: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MOST_HEADINGS: Final = 20


def title_of(tree: Any, url: str, found: str | None) -> str | None:
    """The title of a page, at most `MAX_TITLE` characters on one line, or None. `found` is what
    stands in if the page has neither a title nor a heading."""
    site = _stated(tree, "og:site_name") or _stated(tree, "application-name")
    title = next(filter(None, map(_text, tree.xpath("//title[not(ancestor::svg)]"))), None)
    headings = [
        [text for text in map(_text, tree.xpath(f"//{tag}")[:_MOST_HEADINGS]) if text]
        for tag in ("h1", "h2")
    ]
    site = site or _site_by_host(title, url)
    shared = _stated(tree, "og:title")
    if shared and not _same(shared, site):
        return _without(site, shared)
    if title:
        return _heading_for(title, headings, site) or _without(site, title)
    return next(iter(headings[0]), None) or found or next(iter(headings[1]), None) or shared


def one_line(text: str | None) -> str | None:
    """`text` on one line, at most `MAX_TITLE` characters, with what was escaped twice; None for
    nothing."""
    text = text or ""
    if _ESCAPED.search(text):
        text = unescape(text)
    return _SPACE.sub(" ", _UNFIT.sub(" ", text)).strip()[:MAX_TITLE].rstrip() or None


def _text(element: Any) -> str | None:
    return one_line(" ".join(element.itertext()) if element.tag != "title" else element.text)


def _stated(tree: Any, name: str) -> str | None:
    """What a page states about itself in a `meta` element."""
    paths = (f"//meta[@{attribute}='{name}']/@content" for attribute in ("property", "name"))
    stated = (one_line(content) for path in paths for content in tree.xpath(path)[:5])
    return next(filter(None, stated), None)


def _letters(text: str | None) -> str:
    """Letters and digits alone, for comparison."""
    return "".join(_WORD.findall((text or "").casefold())).replace("_", "")


def _same(one: str | None, other: str | None) -> bool:
    return bool(_letters(one)) and _letters(one) == _letters(other)


def _site_by_host(title: str | None, url: str) -> str | None:
    """The part at an end of a title that is also the name of the host, as in `example.com`."""
    pieces = _SEPARATOR.split(title or "")
    labels = {_letters(label) for label in (urlsplit(url).hostname or "").split(".")[:-1]}
    if len(pieces) < 2:
        return None
    return next(
        (each for each in (pieces[-1], pieces[0]) if _letters(each.removesuffix(".com")) in labels),
        None,
    )


def _without(site: str | None, title: str) -> str:
    """A title without its site's name at either end, if it is set off there."""
    if site is None:
        return title
    found = list(_SEPARATOR.finditer(title))
    for mark in found[:1]:
        if _same(title[: mark.start()], site) and title[mark.end() :].strip():
            return title[mark.end() :].strip()
    for mark in found[-1:]:
        if _same(title[mark.end() :], site) and title[: mark.start()].strip():
            return title[: mark.start()].strip()
    return title


def _heading_for(title: str, headings: Sequence[Sequence[str]], site: str | None) -> str | None:
    """The heading that says what `title` says of the page, without the site's name."""
    pieces = [piece for piece in _SEPARATOR.split(title) if piece.strip()]
    about = [piece for piece in pieces if not _same(piece, site)] or pieces or [title]
    for heading in headings[0]:
        if _same(heading, site):
            continue
        is_behind = any(_fits(heading, piece) for piece in about[1:])
        if _fits(heading, about[0]) or (not is_behind and _fits(heading, " ".join(about))):
            return heading
        if is_behind:
            if len(about) < len(pieces):  # without the site's name
                return heading
            # Behind a separator is the page's title, or the site's name: then another heading may
            # say what is in front of it.
            others = [other for some in headings for other in some]
            return next((other for other in others if _fits(other, about[0])), None)
    return None


def _fits(heading: str, piece: str) -> bool:
    """Whether a heading says much the same as a piece of a title: most of the words of both are the
    same, or the heading has all of a shorter piece."""
    one, other = _letters(heading), _letters(piece)
    if not one or not other:
        return False
    here, there = (set(_WORD.findall(text.casefold())) for text in (heading, piece))
    if not (one.isascii() and other.isascii()):  # perhaps a script without spaces
        shorter, longer = sorted((one, other), key=len)
        if shorter in longer and len(shorter) * 5 >= len(longer) * 3:
            return True
    common = len(here & there)
    if common * 5 >= max(len(here), len(there)) * 3:
        return True
    return common == len(there) and common * 3 >= len(here) and any(len(word) > 3 for word in there)
