"""Fetching feeds, in every form and from hostile servers on loopback."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tests.clients.site import Site, redirect, response
from tests.clients.web.feeds import (
    ATOM,
    BOMB,
    JSON_FEED,
    RSS_091,
    RSS_10,
    STOLEN,
    entry,
    rss,
    served,
)
from webapp.clients.public.gate import Gate
from webapp.clients.web.contract import FetchError, UnchangedFeed
from webapp.clients.web.feeds import FeedFetcher, check_reader

PAGE = (
    "<!doctype html><html><head><title>Blog</title>"
    '<link rel="alternate" type="text/html" href="/en"><link rel="stylesheet" href="x.css">'
    '<link rel="Alternate home" type="application/atom+xml; charset=utf-8" href="feed.xml">'
    '<link rel="alternate" type="application/rss+xml" href="/comments.xml"></head>'
    "<body>Posts</body></html>"
)


@pytest.fixture
def site():
    with Site() as serving:
        yield serving


@pytest.fixture
def fetch(site):
    fetcher = FeedFetcher(Gate(allow_loopback=True))
    yield lambda path="/feed", **options: fetcher.fetch(site.url(path), **options)
    fetcher.close()


@pytest.fixture
def read(site, fetch):
    """Reads a feed with a body."""

    def read(body, **headers):
        site.pages["/feed"] = served(body, **headers)
        return fetch()

    return read


def shown(feed):
    return [(each.id, each.url, each.title) for each in feed.entries]


def test_the_reader_can_be_loaded():
    check_reader()


def test_rss_091_is_read(read):
    feed = read(RSS_091)
    assert (feed.title, feed.site_url) == ("Old news", "https://example.com/")
    assert shown(feed) == [(None, "https://example.com/1", "One & two")]


def test_rss_10_is_read(read):
    feed = read(RSS_10)
    assert shown(feed) == [("https://example.com/a", "https://example.com/a", "A")]
    assert feed.entries[0].published_at == datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)


def test_atom_is_read_with_titles_in_html_and_relative_links(read):
    feed = read(ATOM)
    assert feed.title == "At & om"
    assert shown(feed) == [
        ("urn:1", "https://example.com/base/p/1", "Early apples"),
        ("urn:2", "https://example.com/base/p/2", "Late pears"),
    ]
    assert feed.entries[1].published_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_json_feed_is_read(read, site):
    feed = read(JSON_FEED, content_type="application/feed+json")
    assert feed.title == "Notes"
    assert shown(feed) == [
        ("1", site.url("/1"), "One"),
        ("2", None, None),
        ("?", site.url("/3"), "Half"),
    ]
    assert feed.entries[0].published_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert feed.entries[1].text == "Just a thought."


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ("<title>T</title><link>/rel/1</link>", (None, "/rel/1", "T")),
        ("<guid>http://e.com/p</guid>", ("http://e.com/p", "http://e.com/p", None)),
        ("<title>T</title><guid>post-7</guid>", ("post-7", None, "T")),
        (
            '<title>T</title><guid isPermaLink="false">http://e.com/p</guid>',
            ("http://e.com/p", None, "T"),
        ),
        (
            '<title>T</title><enclosure url="http://e.com/x.mp3" type="audio/mpeg" length="1"/>',
            (None, "http://e.com/x.mp3", "T"),
        ),
        ("<title>T</title><link>javascript:alert(1)</link>", (None, None, "T")),
        ("<title>&lt;b&gt;Bold&lt;/b&gt; &amp;amp; more</title>", (None, None, "Bold & more")),
        ("<title><![CDATA[<i>It</i> &eacute;]]></title>", (None, None, "It é")),
        ("<title>A &nbsp; &amp; b</title>", (None, None, "A & b")),
        ("<title>1 &lt; 2</title>", (None, None, "1 < 2")),
        (f"<title>{'t' * 500}</title>", (None, None, "t" * 200)),
    ],
    ids=str,
)
def test_an_entry_of_rss_is_read(read, site, item, found):
    entry_id, url, title = found
    url = site.url(url) if url and url.startswith("/") else url
    assert shown(read(rss(f"<item>{item}</item>"))) == [(entry_id, url, title)]


def test_what_there_is_nothing_of_is_no_entry(read):
    assert read(rss("<item></item>", "<item><title> </title></item>", entry(1))).entries[0].id
    assert len(read(rss("<item></item>", entry(1))).entries) == 1


@pytest.mark.parametrize(
    ("charset", "headers"),
    [
        ("windows-1251", {}),
        ("koi8-r", {"content_type": "text/xml; charset=utf-8"}),
        ("utf-16", {}),
    ],
)
def test_a_feed_is_read_in_its_charset_whatever_its_server_says(read, charset, headers):
    body = rss("<item><title>Садовый забор</title></item>", title="Новости сада")
    body = body.replace('version="1.0"', f'version="1.0" encoding="{charset}"', 1)
    feed = read(body.encode(charset), **headers)
    assert feed.title == "Новости сада"
    assert feed.entries[0].title == "Садовый забор"


def test_a_broken_feed_is_read_as_far_as_it_can_be(read):
    body = '<rss version="2.0"><channel><title>B & b</title><item><title>One</title>'
    feed = read(body + "<link>http://e.com/?a=1&b=2</link></item><item><title>cut")
    assert feed.title == "B & b"
    assert shown(feed)[0] == (None, "http://e.com/?a=1&b=2", "One")


@pytest.mark.parametrize("body", [BOMB, STOLEN], ids=["bomb", "file"])
def test_entities_of_a_feed_do_no_harm(read, body):
    titles = ""
    with suppress(FetchError):
        titles = " ".join(each.title or "" for each in read(body).entries)
    assert "root" not in titles
    assert "aaa" not in titles


def test_ten_thousand_entries_are_read_and_no_more(read):
    text = "<description>" + "Some words of the post. " * 10 + "</description></item>"
    entries = [entry(number).replace("</item>", text) for number in range(10_100)]
    assert len(read(rss(*entries)).entries) == 10_000


def test_a_feed_that_is_as_it_was_is_not_sent_again(site, fetch):
    site.pages["/feed"] = served(rss(entry(1)), etag='"v1"', last_modified="yesterday")
    feed = fetch()
    assert (feed.etag, feed.last_modified) == ('"v1"', "yesterday")
    site.pages["/feed"] = response(b"", "304 Not Modified")
    again = fetch(etag=feed.etag, last_modified=feed.last_modified)
    assert again == UnchangedFeed(site.url("/feed"))
    assert 'if-none-match: "v1"' in site.requests[-1].lower()
    assert "if-modified-since: yesterday" in site.requests[-1].lower()


def test_permanent_redirects_are_remembered_and_others_are_not(site, fetch):
    site.pages["/old"] = redirect("/moved", "301 Moved Permanently")
    site.pages["/moved"] = redirect("/here", "308 Permanent Redirect")
    site.pages["/here"] = redirect("/now", "302 Found")
    site.pages["/now"] = served(rss(entry(1)))
    assert fetch("/old").url == site.url("/here")
    assert fetch("/here").url == site.url("/here")


def test_a_page_leads_to_its_feed_where_that_is_asked_for(site, fetch):
    site.pages["/blog/"] = response(PAGE.encode())
    site.pages["/blog/feed.xml"] = served(ATOM)
    feed = fetch("/blog/", from_page=True)
    assert feed.url == site.url("/blog/feed.xml")
    assert len(feed.entries) == 2
    with pytest.raises(FetchError) as refused:
        fetch("/blog/")
    assert refused.value.rule == "no_feed"


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (response(b"", "410 Gone"), "gone"),
        (response(b"", "404 Not Found"), "status"),
        (response(b"", "503 Busy", retry_after="7200"), "status"),
        (served("just text"), "no_feed"),
        (served(""), "no_feed"),
        (served('{"version": "1", "items": []}'), "no_feed"),
        (served("[" * 100_000), "no_feed"),
        (served('{"a":' * 100_000), None),
        (served("<rss>", content_length="20000000"), "too_large"),
        (redirect("http://10.0.0.1/"), "address_not_public"),
        (redirect("/feed"), "too_many_redirects"),
    ],
    ids=str,
)
def test_what_is_no_feed_is_refused(site, fetch, answer, rule):
    site.pages["/feed"] = answer
    with pytest.raises(FetchError) as refused:
        fetch(from_page=True)
    assert rule in (refused.value.rule, None)
    if rule == "status":
        assert refused.value.retry_after in (None, 7200.0)


def test_a_server_that_sends_forever_is_given_up(site):
    fetcher = FeedFetcher(Gate(allow_loopback=True), timeout=0.5)
    site.pages["/feed"] = lambda connection: connection.forever(b"HTTP/1.1 200 OK\r\n", every=0.05)
    with pytest.raises(FetchError):
        fetcher.fetch(site.url("/feed"))
    fetcher.close()
