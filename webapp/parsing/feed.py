"""The entries of a feed, in RSS, Atom or JSON Feed; or, of a page, where its feeds are.

`main` runs in the restricted child process of `webapp.parsing.child`, because the libraries that it
uses parse whatever a stranger's server sends.
"""

from __future__ import annotations

import calendar
import io
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.charset import decode
from webapp.parsing.page import clean
from webapp.parsing.page_title import one_line
from webapp.rules.web_address import joined, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_ENTRIES: Final = 10_000
MAX_TITLE, MAX_TEXT, MAX_URL, MAX_ID = 200, 10_000, 2_048, 4_096  # characters

_JSON_FEED: Final = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")
_FEED_TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)
_MARKUP: Final = frozenset({"text/html", "application/xhtml+xml"})
_MOST_LINKS: Final = 10
_WEB: Final = ("http://", "https://")


def main(data: bytes) -> bytes:
    """What was found, as JSON: `feed` with `title`, `site_url` and `entries`, each with `id`,
    `url`, `title`, `text` and `published_at` (ISO 8601), in their order; or else `links` to feeds.
    All but the entries may be null; an entry has a `text` only if it has no `url`.

    `data` comes from `webapp.parsing.page.request`.
    """
    load()
    head, _, body = data.partition(b"\n")
    asked = json.loads(head)
    text = decode(body, asked["charset"], markup=True).lstrip("\ufeff \t\r\n")
    read = _of_json if text.startswith("{") else _of_xml
    feed = read(text, asked["url"])
    links = [] if feed else list(_links(text, asked["url"]))
    # Half a character, as JSON may have it, is none.
    return json.dumps({"feed": feed, "links": links}, ensure_ascii=False).encode(errors="replace")


def load() -> None:
    """Import the libraries for reading feeds."""
    logging.disable()
    import feedparser  # noqa: F401
    import lxml.html  # noqa: F401


def _of_xml(text: str, url: str) -> dict[str, Any] | None:
    import feedparser

    # It reads files and addresses that it is given by name; of a stream it reads what is in it.
    # Texts in entries are made plain here, so their markup need not be made safe. It is not told
    # the address, with which it would make one of any id.
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not parsed.get("version"):
        return None
    return {
        "title": _title(parsed.feed, "title"),
        "site_url": _address(url, parsed.feed.get("link")),
        "entries": [_entry_of_xml(each, url) for each in parsed.entries[:MOST_ENTRIES]],
    }


def _entry_of_xml(entry: Any, base: str) -> dict[str, Any]:
    enclosed = [each.get("href") for each in entry.get("enclosures", ())]
    url = _first_address(base, [_link_of_xml(entry), *enclosed])
    texts = [each.get("value") for each in entry.get("content", ())]
    return {
        "id": _id(entry.get("id")),
        "url": url,
        "title": _title(entry, "title"),
        "text": None if url else _plain(next(iter(texts), None) or entry.get("summary")),
        "published_at": _moment(entry.get("published_parsed") or entry.get("updated_parsed")),
    }


def _link_of_xml(entry: Any) -> str | None:
    """Where an entry leads. Without a link, the parser gives its id, as RSS has it, which leads
    nowhere unless it is a whole address, whatever RSS says."""
    link: str | None = entry.get("link")
    is_id = entry.get("guidislink") and link == entry.get("id")
    return None if link and is_id and not link.lower().startswith(_WEB) else link


def _title(thing: Any, name: str) -> str | None:
    text = thing.get(name)
    if text and thing.get(f"{name}_detail", {}).get("type") in _MARKUP:
        text = _text_of(text)
    return _line(text)


def _moment(parts: Any) -> str | None:
    """A time in UTC, as the parser gives it."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parts), UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _of_json(text: str, url: str) -> dict[str, Any] | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    if not isinstance(read, dict) or not str(read.get("version")).startswith(_JSON_FEED):
        return None
    items = read.get("items")
    entries = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
    return {
        "title": _line(_string(read, "title")),
        "site_url": _address(url, _string(read, "home_page_url")),
        "entries": [_entry_of_json(each, url) for each in entries[:MOST_ENTRIES]],
    }


def _entry_of_json(entry: dict[str, Any], base: str) -> dict[str, Any]:
    url = _first_address(base, [_string(entry, "url"), _string(entry, "external_url")])
    text = _string(entry, "content_text")
    if text is None:
        text = _plain(_string(entry, "content_html") or _string(entry, "summary"))
    return {
        "id": _id(None if entry.get("id") is None else str(entry["id"])),
        "url": url,
        "title": _line(_string(entry, "title")),
        "text": None if url else clean(text or "")[:MAX_TEXT] or None,
        "published_at": _iso(_string(entry, "date_published") or _string(entry, "date_modified")),
    }


def _string(thing: dict[str, Any], name: str) -> str | None:
    value = thing.get(name)
    return value if isinstance(value, str) else None


def _iso(text: str | None) -> str | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _links(text: str, url: str) -> Iterator[str]:
    """The feeds that a page names as what it is about in another form, the first first."""
    import lxml.etree
    import lxml.html

    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=_parser())
    except lxml.etree.ParserError:  # nothing but white space
        return
    base = _first_address(url, tree.xpath("//base[1]/@href")) or url
    found = 0
    for link in tree.xpath("//link[@rel][@href]"):
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        if "alternate" not in link.get("rel").lower().split() or kind not in _FEED_TYPES:
            continue
        address = _address(base, link.get("href"))
        if address is not None and found < _MOST_LINKS:
            found += 1
            yield address


def _parser() -> Any:
    import lxml.html

    return lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)


def _plain(markup: str | None) -> str | None:
    return clean(_text_of(markup or ""))[:MAX_TEXT].rstrip() or None


def _text_of(markup: str) -> str:
    """What is to be read of markup."""
    import lxml.etree
    import lxml.html

    try:
        tree = lxml.html.fragment_fromstring(
            clean(markup).encode("utf-8", "replace"), create_parent="div", parser=_parser()
        )
    except lxml.etree.LxmlError:
        return markup
    return str(tree.text_content())


def _line(text: str | None) -> str | None:
    return (one_line(text) or "")[:MAX_TITLE].rstrip() or None


def _id(text: str | None) -> str | None:
    return (text or "").strip()[:MAX_ID] or None


def _first_address(base: str, references: Iterable[str | None]) -> str | None:
    found = (_address(base, reference) for reference in references)
    return next((address for address in found if address is not None), None)


def _address(base: str, reference: str | None) -> str | None:
    """Where a reference leads, if that is an address of the web; None if it is none."""
    if not reference or len(reference) > MAX_URL:
        return None
    try:
        address = parts_of(joined(base, reference.strip()))["href"]
    except ValueError:
        return None
    return address if len(address) <= MAX_URL else None
