"""The content of a web page: its text, title, author, date and language.

`main` runs in the restricted child process of `webapp.parsing.child`, because the libraries that it
uses parse whatever a stranger's server sends. `clean` is linear in its input and also serves the
fetcher itself, for plain text.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from webapp.parsing.charset import decode
from webapp.parsing.page_body import marked_text
from webapp.parsing.page_gaps import filled
from webapp.parsing.page_place import place
from webapp.parsing.page_prose import prose
from webapp.parsing.page_title import title_of
from webapp.parsing.page_unseen import with_joiners, with_joiners_as_letters, without_hidden

MAX_TEXT, MAX_AUTHOR = 500_000, 200  # characters

# trafilatura needs about 0.1 ms an element, and more than linearly so: 14,000 elements take one
# second, 69,000 take ten. Beyond this a page gets the plain extraction, which is linear.
MAX_ELEMENTS = 30_000
_SHORT = 1_000  # characters; below it, trafilatura's second opinions cost 0.2 s and find no more

# C0 controls other than tab and newline, DEL, C1 controls and surrogates: PostgreSQL refuses NUL,
# UTF-8 has no lone surrogates, and no reader needs the others.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\f\v\x85\u2028\u2029]")
_SPACE = re.compile(r"\s+")

_DATES = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//time[@pubdate]/@datetime",
)
_DATED = "//time | //*[contains(@class, 'date') or contains(@class, 'publish')]"
_JSON_LD_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')


def main(data: bytes) -> bytes:
    """A page's content as JSON: `text`, `title`, `author`, `published_at` (ISO 8601), `language`,
    and what `webapp.parsing.page_place` finds.

    `data` comes from `request`. Everything but `text` may be null; an empty `text` means that there
    is nothing to read on the page.
    """
    load()
    head, _, body = data.partition(b"\n")
    asked = json.loads(head)
    found = read(decode(body, asked["charset"], markup=True), url=asked["url"])
    return json.dumps(found, ensure_ascii=False).encode()


def load() -> None:
    """Import the libraries for reading pages, in a process that does nothing else."""
    # trafilatura imports py3langid, and with it numpy, for a language check that is not used here:
    # half of its start-up time and most of its address space.
    sys.modules["py3langid"] = None  # type: ignore[assignment]
    logging.disable()
    import htmldate  # noqa: F401
    import trafilatura  # noqa: F401


def request(body: bytes, *, url: str, charset: str | None) -> bytes:
    """The input of `main`: a line of JSON with the server's metadata, then the page as received."""
    return json.dumps({"url": url, "charset": charset}).encode() + b"\n" + body


def clean(text: str) -> str:
    """`text` without control characters, lines without trailing space, at most one blank line
    between paragraphs, at most `MAX_TEXT` characters."""
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    lines = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:MAX_TEXT].rstrip()


def read(markup: str, *, url: str) -> dict[str, Any]:
    """The content of a page: see `main`. Raises what lxml raises; the child's limits cover the
    rest.

    Always the HTML parser, for XHTML too: it does not expand the page's own entities, and is
    tolerant.
    """
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        source = _UNWANTED.sub("", _LINE_ENDS.sub("\n", with_joiners_as_letters(markup))).encode()
        tree = lxml.html.document_fromstring(source, parser=parser)
    except lxml.etree.ParserError:  # nothing but white space
        return {"text": "", **dict.fromkeys(("title", "author", "published_at", "language"))}
    at = place(tree)
    without_hidden(tree)
    plain = clean(prose(tree))
    article = _extract(tree, url, fast=len(plain) < _SHORT)
    published = _published(tree, url)
    text = _best_text(tree, plain, article)
    marked = marked_text(tree, text)
    return {
        "text": with_joiners(text if marked is None else clean(marked)),
        "title": with_joiners(title_of(tree, url, article and article.title)),
        "author": with_joiners(_line(article and article.author, MAX_AUTHOR)),
        "published_at": published.isoformat() if published else None,
        "language": _language(tree),
        **at,
    }


def _extract(tree: Any, url: str, *, fast: bool) -> Any:
    """trafilatura's document, or None if it finds nothing, fails, or would take too long."""
    if tree.xpath("count(//*)") > MAX_ELEMENTS:
        return None
    from trafilatura import bare_extraction

    # Its search for a date cannot be switched off, but can be kept short; `_published` does it
    # better.
    dates = {"extensive_search": False, "original_date": True}
    wanted: dict[str, Any] = {"include_comments": False, "with_metadata": True}
    try:
        return bare_extraction(tree, url=url, fast=fast, date_extraction_params=dates, **wanted)
    except Exception:  # noqa: BLE001 -- third-party heuristics on hostile input: there is a plainer way
        return None


def _best_text(tree: Any, plain: str, article: Any) -> str:
    """trafilatura's text, or `plain`, that of the whole page, if it found nothing better.

    On a page too short to judge, trafilatura puts everything into one `p`, including menus, line by
    line: then the page's own paragraphs are better. But such lines may also come from data in a
    script, for a page that shows little of its own; and line breaks in a single `p` of a long page
    are only those of its source.
    """
    if article is None or article.body is None:
        return plain
    found = clean(prose(article.body))
    if len(article.body) == 1 and "\n" in (lines := article.body[0].text or ""):
        shown = tree.xpath("//body//text()[not(parent::script or parent::style)]")
        if sum(len("".join(text.split())) for text in shown) < len("".join(found.split())):
            return clean(lines.replace("\n", "\n\n"))
        if plain and len(plain) <= 1.5 * len(found):
            return plain
    return clean(filled(tree, article.body)) or found or plain


def _line(text: str | None, most: int) -> str | None:
    """`text` on one line, at most `most` characters; None for nothing."""
    return clean(_SPACE.sub(" ", text or ""))[:most].rstrip() or None


def _language(tree: Any) -> str | None:
    """The page's own `lang` as ISO 639-1 (`en` from `en-GB`), if it states one of two letters."""
    stated = [tree.get("lang"), tree.get("xml:lang")]
    stated += tree.xpath("//meta[@property='og:locale']/@content")[:1]
    for value in stated:
        if value and (match := re.fullmatch(r"\s*([A-Za-z]{2})(?:[-_].*)?\s*", value)):
            return match[1].lower()
    return None


def _published(tree: Any, url: str) -> datetime | None:
    """The time of publication if the page states it, or else the day if it shows one.

    htmldate, which knows many date formats, only gets the URL, the metadata and short texts marked
    as dates: from a whole page it takes any date that the prose mentions.
    """
    import lxml.html
    from htmldate import find_date

    stated = [str(value) for path in _DATES for value in tree.xpath(path)[:1]]
    for script in tree.xpath("//script[@type='application/ld+json']")[:20]:
        stated += _JSON_LD_DATE.findall(script.text or "")[:1]
    for value in stated:
        if date := _date(value):
            return date
    hints = [lxml.html.tostring(meta, encoding="unicode") for meta in tree.xpath("//meta")[:100]]
    for element in tree.xpath(_DATED)[:20]:
        text = _line(element.get("datetime") or element.text_content(), 101) or ""
        hints.append(f'<p class="date">{escape(text)}</p>' if len(text) <= 100 else "")
    hint = f"<html><body>{''.join(hints)}</body></html>"
    try:
        return _date(find_date(hint, url=url, extensive_search=False, original_date=True))
    except Exception:  # noqa: BLE001 -- as for `_extract`
        return None


def _date(value: str | None) -> datetime | None:
    """An ISO 8601 date or time as UTC, or None if it is not one, or is implausible.

    A date without a zone counts as UTC. Year 1 is how empty fields look; a date beyond tomorrow
    (which may already have begun east of here) is a mistake or an event, not a publication.
    """
    try:
        date = datetime.fromisoformat((value or "").strip())
        date = (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return date if date.year >= 1400 and date <= _now() + timedelta(days=1) else None


def _now() -> datetime:
    return datetime.now(UTC)
