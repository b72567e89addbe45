"""Feeds as feed readers write them."""

from __future__ import annotations

import orjson
import pytest

from webapp.imports import reader

HEAD = {"format": "outlines", "enrich": False, "now": "2026-01-01T00:00:00+00:00"}
FILE = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head><title>Subscriptions</title></head>
  <body>
    <outline text="News" title="News">
      <outline type="rss" text="One &amp; all" xmlUrl="https://example.com/1?a=1&amp;b=2" htmlUrl="https://example.com/"/>
      <outline text="Deep">
        <outline type="rss" title="Two" xmlUrl="https://example.com/2"></outline>
        <outline type="rss" text="Three" xmlUrl="https://example.com/3" category="/In/Garden,oak"/>
      </outline>
      <outline type="rss" text="Four" xmlUrl="feed://example.com/4"/>
    </outline>
    <outline text="Empty"></outline>
    <outline type="rss" xmlUrl="feed:https://example.com/5#top"/>
  </body>
</opml>"""


def read(file, **more):
    """The summary of a file, and its feeds: address, name, tags and folder."""
    data = file if isinstance(file, bytes) else file.encode()
    told = reader.main(orjson.dumps(HEAD | more) + b"\n" + data)
    summary, *lists = map(orjson.loads, told.splitlines())

    def path(number):
        around, name = summary["folders"][number]
        return [*([] if around is None else path(around)), name]

    feeds = [row["payload"] for rows in lists for row in rows if row["entity"] == "feed"]
    shown = [
        (feed["url"], feed["name"], feed["tags"], next(map(path, feed["folders"]), []))
        for feed in feeds
    ]
    return summary, shown


def body(*lines):
    return f"<opml version='1.0'><body>{''.join(lines)}</body></opml>"


def outline(url, **more):
    given = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<outline type="rss" xmlUrl="{url}"{given}/>'


def test_feeds_have_their_names_their_tags_and_their_folders():
    summary, feeds = read(FILE)
    assert feeds == [
        ("https://example.com/1?a=1&b=2", "One & all", [], ["News"]),
        ("https://example.com/2", "Two", [], ["News", "Deep"]),
        ("https://example.com/3", "Three", ["Garden", "oak"], ["News", "Deep"]),
        ("http://example.com/4", "Four", [], ["News"]),
        ("https://example.com/5", None, [], []),
    ]
    assert (summary["format"], summary["total"], summary["missed"]) == ("opml", 5, 0)
    assert summary["lacking"] is None
    assert ["Empty"] in [[name] for _, name in summary["folders"]]


def test_folders_become_what_was_asked_for():
    summary, feeds = read(FILE, folders_become="tags")
    assert summary["folders"] == []
    assert [tags for _, _, tags, _ in feeds] == [
        ["News"],
        ["News", "Deep"],
        ["Garden", "oak", "News", "Deep"],
        ["News"],
        [],
    ]


def test_a_feed_that_comes_again_is_a_duplicate():
    again = outline("https://example.com/1#again")
    summary, feeds = read(body(outline("https://example.com/1"), again))
    assert (len(feeds), summary["total"], summary["merged"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (outline(""), "The address is empty."),
        (outline("/feed.xml"), "The address does not begin with http:// or https://."),
        (outline("ftp://example.com/"), "begins with ftp:, not with http:// or https://."),
        (outline("https://me:pw@example.com/"), "must not contain a user name"),
        (outline("https://example.com/" + "a" * 3000), "cannot be taken"),
        ('<outline type="link" url="https://example.com/"/>', "It leads to a page, not to a feed."),
        ('<outline type="include" url="https://example.com/x.opml"/>', "to another file."),
    ],
)
def test_what_is_no_feed_is_refused_with_the_reason(line, said):
    summary, feeds = read(body(line, outline("https://example.com/1")))
    assert [url for url, *_ in feeds] == ["https://example.com/1"]
    (mistake,) = summary["mistakes"]
    assert said.lower() in mistake["message"].lower()
    assert (mistake["line"], summary["refused"], summary["missed"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("file", "urls", "lacking"),
    [
        (body('<outline text="a & b <c>" xmlUrl=https://example.com/1>'), ["1"], None),
        (
            body("<outline TEXT='x' XMLURL='https://example.com/1?a=1&copy=2'/>"),
            ["1?a=1&copy=2"],
            None,
        ),
        (
            body(
                "<!-- ", outline("https://example.com/0"), " -->", outline("https://example.com/1")
            ),
            ["1"],
            None,
        ),
        (body(outline("https://example.com/1")).encode("utf-16"), ["1"], None),
        (body(outline("https://example.com/1")).partition("</body>")[0], ["1"], "has no end"),
    ],
    ids=["unescaped", "loud", "comment", "wide", "cut"],
)
def test_what_programs_write_is_read(file, urls, lacking):
    summary, feeds = read(file)
    assert [url.removeprefix("https://example.com/") for url, *_ in feeds] == urls
    assert (lacking or "") in (summary["lacking"] or "")


def test_a_feed_that_cannot_be_told_apart_is_missed():
    summary, feeds = read(body('<outline text="a xmlUrl="x">', outline("https://example.com/1")))
    assert len(feeds) + summary["refused"] + summary["missed"] == 2


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("<rss><channel/></rss>", "looks like HTML"),
        ('{"a": 1}', "looks like JSON"),
        ("", "none of these formats: opml"),
    ],
)
def test_what_is_no_opml_says_so(file, said):
    summary, feeds = read(file)
    assert said in summary["lacking"]
    assert feeds == []


def test_opml_that_was_sent_as_html_says_how_to_send_it():
    summary, _ = read(FILE, format="bookmarks")
    assert "looks like OPML: send it as text/x-opml" in summary["lacking"]


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY % x SYSTEM "http://169.254.169.254/"> %x;',
    ],
)
def test_no_entity_is_expanded(declared):
    file = f"<!DOCTYPE opml [{declared}]>" + body(outline("https://example.com/&x;"))
    _, feeds = read(file)
    assert [url for url, *_ in feeds] == ["https://example.com/&x;"]
