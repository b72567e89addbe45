"""Bookmark files as various programs export them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.imports.bookmarks import read

FIREFOX = """<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks Menu</H1>
<DL><p>
    <DT><A HREF="https://example.com/top" ADD_DATE="1700000000" ICON="data:;base64,AA==">Top
 &amp; first</A>
    <DD>About the top
    <DT><H3 ADD_DATE="1700000000" LAST_MODIFIED="1700000001">Garden</H3>
    <DD>A folder's own description
    <DL><p>
      <DT><A HREF="https://example.com/fence" ADD_DATE="1700000002" TAGS="oak,Posts,,oak">Fence</A>
        <DT><H3>Home &lt;3</H3>
        <DL><p>
            <DT><A HREF="https://example.com/deep">Deep</A>
        </DL><p>
        <DT><A HREF="https://example.com/after">After</A>
    </DL><p>
    <DT><H3 PERSONAL_TOOLBAR_FOLDER="true">Bookmarks Toolbar</H3>
    <DL><p>
        <DT><A HREF="https://example.com/bar">Bar</A>
    </DL><p>
    <DT><A HREF="https://example.com/last"></A>
</DL><p>
"""
POCKET = """<!DOCTYPE html><html><body><h1>Unread</h1><ul>
<li><a href="https://example.com/a" time_added="1700000000" tags="one,two">A page</a></li>
<li><a href="https://example.com/b" time_added="1700000000000000" tags="">B</a></li>
</ul></body></html>"""


def links(text):
    return {link["source_url"].rpartition("/")[2]: link for link in read(text)}


def test_links_have_titles_descriptions_and_times():
    found = links(FIREFOX)
    assert list(found) == ["top", "fence", "deep", "after", "bar", "last"]
    assert found["top"] == {
        "source_url": "https://example.com/top",
        "title": "Top & first",
        "summary": "About the top",
        "tags": [],
        "added": 1700000000,
    }
    assert found["last"]["title"] is None
    assert found["deep"]["added"] is None


def test_tags_are_those_of_the_link_and_its_folders_but_for_the_browsers_own():
    tags = {name: link["tags"] for name, link in links(FIREFOX).items()}
    assert tags == {
        "top": [],
        "fence": ["oak", "Posts", "Garden"],
        "deep": ["Garden", "Home <3"],
        "after": ["Garden"],
        "bar": [],
        "last": [],
    }


def test_pocket_writes_lists():
    found = links(POCKET)
    assert found["a"]["tags"] == ["one", "two"]
    assert found["a"]["added"] == found["b"]["added"] == 1700000000
    assert found["b"]["title"] == "B"


def test_what_is_too_long_is_cut():
    (link,) = read(
        f'<A HREF="x" TAGS="{"t" * 60},{",".join(map(str, range(30)))}">{"x" * 300}<DD>{"y" * 3000}'
    )
    assert len(link["title"]) == 200
    assert len(link["summary"]) == 2000
    assert len(link["tags"]) == 20
    assert link["tags"][0] == "t" * 50


@pytest.mark.parametrize("added", ["", "x", "-1", "0", "1e9"])
def test_an_invalid_time_is_left_out(added):
    (link,) = read(f'<A HREF="x" ADD_DATE="{added}">A</A>')
    assert link["added"] is None


PIECES = st.sampled_from(
    [
        *("<DL>", "</DL>", "<p>", "<DT>", "<DD>", "<H3>", "</H3>", '<A HREF="x">', "</A>", "text"),
        *("<!--", "-->", "<![CDATA[", "&#0;", "&lt", "<A", '"', ">", "<script>", "<title>", "\0"),
    ]
)


@examples(15, many=500)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text())
def test_any_text_is_read(text):
    for link in read(text):
        assert len(link["tags"]) <= 20
