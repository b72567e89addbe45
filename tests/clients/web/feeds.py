"""Feeds in every form, as servers send them."""

from __future__ import annotations

import json

from tests.clients.site import response


def served(body: str | bytes, **headers: str | None) -> bytes:
    """A feed's whole HTTP answer."""
    sent = body if isinstance(body, bytes) else body.encode()
    return response(sent, **{"content_type": "application/xml"} | headers)


def rss(*entries: str, title: str = "Garden news", more: str = "") -> str:
    """RSS 2.0 with entries that are written out, or `entry(...)`."""
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://example.com/</link>{more}{''.join(entries)}</channel></rss>"
    )


def entry(number: int, *, path: str = "/posts", guid: str | None = None, date: str = "") -> str:
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<item><title>Post {number}</title><link>https://example.com{path}/{number}</link>"
        f'<guid isPermaLink="false">{guid or f"post-{number}"}</guid>{dated}</item>'
    )


RSS_091 = (
    '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
    ' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>'
    "<title>Old news</title><link>https://example.com/</link><description>d</description>"
    "<item><title>One &amp; two</title><link>https://example.com/1</link></item></channel></rss>"
)
RSS_10 = (
    '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<channel rdf:about="https://example.com/"><title>RDF</title><link>https://example.com/</link>'
    '</channel><item rdf:about="https://example.com/a"><title>A</title>'
    "<link>https://example.com/a</link><dc:date>2024-01-02T03:04:05+02:00</dc:date></item>"
    "</rdf:RDF>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.com/base/">'
    '<title type="html">At &amp;amp; om</title><link href="/"/><link rel="self" href="/feed"/>'
    '<entry><id>urn:1</id><title type="html">&lt;em&gt;Early&lt;/em&gt; apples</title>'
    '<link rel="enclosure" href="x.mp3"/><link rel="alternate" href="p/1"/>'
    "<updated>2024-01-02T00:00:00Z</updated></entry>"
    '<entry><id>urn:2</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Late'
    ' <b>pears</b></div></title><link href="p/2"/><published>2024-01-01T00:00:00Z</published>'
    "</entry></feed>"
)
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Notes",
        "home_page_url": "https://example.com/",
        "items": [
            {
                "id": "1",
                "url": "/1",
                "title": "One",
                "date_published": "2024-01-01T02:00:00+02:00",
            },
            {"id": 2, "content_html": "<p>Just a <b>thought</b>.</p>"},
            {"id": "\ud800", "url": "/3", "title": "Half \ud800"},
            "not an entry",
        ],
    }
)


def _with_entities(entities: str, title: str) -> str:
    feed = rss(f"<item><title>{title}</title><link>https://example.com/1</link></item>")
    return f'<?xml version="1.0"?><!DOCTYPE rss [{entities}]>{feed.partition("?>")[2]}'


_DOUBLED = zip("abcdefgh", "bcdefghi", strict=True)
BOMB = _with_entities(
    '<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {after} "{f"&{before};" * 20}">' for before, after in _DOUBLED),
    "&i;",
)
STOLEN = _with_entities('<!ENTITY file SYSTEM "file:///etc/passwd">', "&file;")
