"""Bookmark files as various programs export them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.imports.format import Link
from webapp.imports.formats.netscape import FORMAT

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


def read(text):
    """The links of a file, all of which must be found."""
    contents = FORMAT.read(text)
    found = list(contents.entries)
    assert len(found) >= contents.counted()
    return found


def links(text):
    return {link.source_url.rpartition("/")[2]: link for link in read(text)}


def test_links_have_titles_descriptions_and_times():
    found = links(FIREFOX)
    assert list(found) == ["top", "fence", "deep", "after", "bar", "last"]
    assert found["top"] == Link(
        1,
        "https://example.com/top",
        title="Top & first",
        summary="About the top",
        tags=[],
        added=1700000000,
        folders=[()],
    )
    assert found["last"].title is None
    assert found["deep"].added is None


def test_links_have_their_tags_and_their_folders_but_for_the_browsers_own():
    found = {name: (link.tags, link.folders) for name, link in links(FIREFOX).items()}
    assert found == {
        "top": ([], [()]),
        "fence": (["oak", "Posts"], [("Garden",)]),
        "deep": ([], [("Garden", "Home <3")]),
        "after": ([], [("Garden",)]),
        "bar": ([], [()]),
        "last": ([], [()]),
    }


def test_folders_are_known_even_if_nothing_is_in_them():
    contents = FORMAT.read("<DL><DT><H3>A</H3><DL><DT><H3> a\n b </H3><DL></DL></DL><H3></H3><DL>")
    assert list(contents.entries) == []
    assert list(contents.folders()) == [("A",), ("A", "a b")]


def test_what_is_too_deep_is_in_the_deepest_folder_that_may_be():
    (link,) = read("".join(f"<H3>{n}</H3><DL>" for n in range(40)) + '<DT><A HREF="x">x</A>')
    assert link.folders == [tuple(map(str, range(32)))]


def test_folders_of_browsers_are_tags_too_but_not_those_that_coffer_wrote():
    assert FORMAT.read("").folders_are_tags
    assert not FORMAT.read('\n<META NAME="generator" CONTENT="Coffer">').folders_are_tags


def test_pocket_writes_lists():
    found = links(POCKET)
    assert found["a"].tags == ["one", "two"]
    assert found["a"].added == found["b"].added == 1700000000
    assert found["b"].title == "B"


def test_what_is_too_long_is_cut():
    (link,) = read(
        f'<A HREF="x" TAGS="{"t" * 60},{",".join(map(str, range(30)))}">{"x" * 300}<DD>{"y" * 3000}'
    )
    assert len(link.title) == 200
    assert len(link.summary) == 2000
    assert len(link.tags) == 20
    assert link.tags[0] == "t" * 50


# What people write about programs, or what was left open, each before two more bookmarks.
MARKUP = [
    "<script>",
    "<style>",
    "<title>",
    "<textarea>",
    "<plaintext>",
    "<noscript>",
    "<iframe>",
    "<!-- begins",
    "<![CDATA[",
    "<?php",
    "a < b",
    "I <3 it",
    "Vector<T>",
    "</script>",
    "<T",
    "<!",
]


@pytest.mark.parametrize("written", MARKUP)
def test_markup_in_a_text_is_text_and_hides_nothing(written):
    one, two, three = read(
        f'<DT><A HREF="https://example.com/1">On {written}</A>\n<DD>About {written} and more\n'
        '<DT><A HREF="https://example.com/2">Two</A>\n<DT><A HREF="https://example.com/3">Three</A>'
    )
    assert (one.title, one.summary) == (f"On {written}", f"About {written} and more")
    assert (two.title, three.title) == ("Two", "Three")


@pytest.mark.parametrize(
    "broken",
    [
        '<DT><A HREF="https://example.com/1>One</A>',
        "<DT><A HREF='https://example.com/1>One</A>",
        '<DT><A HREF="https://example.com/1" TITLE="x>One</A>',
        '<DT><A HREF="https://example.com/1">One',
        '<DT><A HREF="https://example.com/1"',
        '<DT><A HREF="https://example.com/1">One</A><!-- <DT><A HREF="https://c.example">C</A> -->',
    ],
)
def test_what_is_not_closed_takes_nothing_of_what_follows(broken):
    found = read(f'{broken}\n<DT><A HREF="https://example.com/2" ADD_DATE="1">Two</A>')
    assert found[0].source_url == "https://example.com/1"
    assert (found[-1].source_url, found[-1].title) == ("https://example.com/2", "Two")


def test_a_file_that_was_cut_has_one_more_than_can_be_read():
    contents = FORMAT.read('<DT><A HREF="https://example.com/1">One</A><DT><A HREF="https://exa')
    assert len(list(contents.entries)) == 1
    assert contents.counted() == 2


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a=1&amp;copy=2", "?a=1&copy=2"),
        ("?a=1&lt=2&para=3&section", "?a=1&lt=2&para=3&section"),
        ("?q=R&amp;D&notit", "?q=R&D&notit"),
        ("?q=&#x27;&#39;", "?q=''"),
    ],
)
def test_an_address_stays_as_it_is_written(written, address):
    (link,) = read(f'<DT><A HREF="https://example.com/{written}">One</A>')
    assert link.source_url == f"https://example.com/{address}"


def test_links_in_a_description_are_part_of_it():
    one, two = read(
        '<DT><A HREF="https://example.com/1">One</A>\n'
        '<DD>See <a href="https://other.example/">this <b>page</b></a>, not\n'
        '<a href="https://third.example/">third.example</a>.\n'
        '<DT><A HREF="https://example.com/2" DESCRIPTION="What it is">Two</A>'
    )
    assert one.summary == ("See this page (https://other.example/), not\nthird.example.")
    assert (two.source_url, two.summary) == ("https://example.com/2", "What it is")


def test_an_a_in_a_description_is_a_bookmark_if_it_says_so():
    found = read(
        '<DT><A HREF="https://example.com/1">One</A><DD>described'
        '<A HREF="https://example.com/2" ADD_DATE="1">Two</A>'
    )
    assert [link.title for link in found] == ["One", "Two"]
    found = read(
        '<A HREF="https://example.com/1">One</A><DD>x<A HREF="https://example.com/2">Two</A>'
    )
    assert [link.title for link in found] == ["One", "Two"]


def test_descriptions_keep_their_lines():
    one, two = read(
        '<DT><A HREF="https://example.com/1">One</A>\r\n<DD>List:\r\n- one  \r\n  - two\r\n\r\n\r\n'
        'End\n\r<DT><A HREF="https://example.com/2">Two<br>lines</A><DD>a<br>b<ul><li>c</li></ul>'
        "d[linkding-notes]# e\nf[/linkding-notes]"
    )
    assert one.summary == "List:\n- one\n  - two\n\nEnd"
    assert (two.title, two.summary) == ("Two lines", "a\nb\n\n- c\n\nd\n\n# e\nf")


def test_tags_with_commas_are_read_from_what_coffer_wrote():
    (link,) = read('<DT><A HREF="x" TAGS="Smith  John,b" DATA-TAGS=\'["Smith, John","b"]\'>A</A>')
    assert link.tags == ["Smith, John", "b"]
    (link,) = read('<DT><A HREF="x" TAGS="a,b" DATA-TAGS="a b">A</A>')
    assert link.tags == ["a", "b"]


@pytest.mark.parametrize("added", ["", "x", "-1", "0", "1e9"])
def test_an_invalid_time_is_left_out(added):
    (link,) = read(f'<A HREF="x" ADD_DATE="{added}">A</A>')
    assert link.added is None


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
        assert len(link.tags) <= 20


@pytest.mark.parametrize("invisible", ["\u200b", "\u3164 \u2060", "&#x200d;&nbsp;", "\u2800\ufe0f"])
def test_a_title_that_nobody_can_see_is_none(invisible):
    (link,) = read(f'<DT><A HREF="https://example.com/1" TAGS="{invisible},a">{invisible}</A>')
    assert (link.title, link.tags) == (None, ["a"])


def test_what_is_to_be_read_is_not_read():
    file = '<DT><A HREF="https://a.example" {}>A</A>'
    for written, is_read in (('TOREAD="1"', False), ('TOREAD="0"', True), ("", False)):
        (link,) = read(file.format(written))
        assert link.is_read is is_read


def test_what_linkding_archived_is_read_and_its_mark_is_no_tag():
    tags = 'TAGS="a,linkding:bookmarks.archived" TOREAD="{}"'
    for to_read in (0, 1):
        (link,) = read(f'<DT><A HREF="https://a.example" {tags.format(to_read)}>A</A>')
        assert (link.is_read, link.tags) == (True, ["a"])


def test_what_pocket_lists_as_an_archive_is_read():
    item = '<li><a href="https://example.com/{}" time_added="1">{}</a></li>'
    one, two, three = (item.format(name, f"On <h1>Read Archive</h1> {name}") for name in "abc")
    found = links(f"<h1>Unread</h1><ul>{one}</ul><h1>Read Archive</h1><ul>{two}{three}</ul>")
    assert {name: link.is_read for name, link in found.items()} == {
        "a": False,
        "b": True,
        "c": True,
    }
    assert links(POCKET)["a"].is_read is False


def test_what_stands_under_pockets_heading_of_what_was_read_is_read():
    section = '<h1>{0}</h1><ul><li><a href="https://e.com/{0}" time_added="1">x</a></li></ul>'
    found = links("".join(map(section.format, ("Unread", "Read Archive", "Others"))))
    assert [link.is_read for link in found.values()] == [False, True, False]
