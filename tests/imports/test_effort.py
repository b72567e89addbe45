"""Hostile files take time that is linear in their size."""

from __future__ import annotations

import json

import pytest

from tests.parsing.effort import assert_linear

# What comes first, what is repeated, and what comes last.
BOOKMARKS = {
    "tags of slashes": ("", "<a/", ""),
    "tags that are not closed": ("", "<a ", ""),
    "signs": ("", "<", ""),
    "comments that are not closed": ("", "<!--", ""),
    "comments before links": ("", "<!-- <a href=x>", ""),
    "comments that are closed": ("", "<!-- -->", ""),
    "declarations of a type": ("", "<!doctype ", ""),
    "quotes that are closed too late": ("", '<a href="<dt>', ""),
    "quotes of two kinds": ("", "<a b='<dt> c=\"<dt>", ""),
    "links of a description": ("<dt><a href=x>x</a><dd>", "<a href=y>", ""),
    "named links of a description": ("<dt><a href=x>x</a><dd>", "<a href=y>z</a> ", ""),
    "descriptions of a page": ("", "<dt><a href=http://a.example/ description=d>t</a>", ""),
    "lines of a description": ("<dt><a href=x>x</a><dd>", " \t\n", "x"),
    "tags as JSON": ("<a href=x data-tags='", "[", "'>"),
    "a time": ("<a href=x add_date='", "1", "'>"),
    "a comment of dashes": ("<!--", "-", ""),
    "declarations": ("", "<![", ""),
    "processing": ("", "<?", ""),
    "ends": ("", "</a", ""),
    "quotes that are not closed": ("", "<a href=\"'", ""),
    "one kind of quote in each tag": ("", "<a b='>", ""),
    "an attribute": ('<a href="', "x", ""),
    "attributes": ("<a ", "b=c ", ""),
    "equals": ("<a ", "=", ""),
    "spaces between attributes": ("<a x", " ", "=y>"),
    "slashes in a tag": ("<a ", "/", ""),
    "a name of a tag": ("<", "a", ""),
    "scripts": ("", "<script>", ""),
    "ends of a script": ("<script>", "</script", ""),
    "titles": ("", "<title>", ""),
    "headings": ("<h1>" + "long " * 5_000, "<h1>Read Archive</h1><a href=x>", ""),
    "links": ("", "<a>", ""),
    "folders": ("", "<h3>f</h3><dl>", ""),
    "links of a folder with a long name": (
        "<h3>" + "long " * 5_000 + "</h3><dl>",
        "<a href=x>",
        "",
    ),
    "links in many folders": ("<h3>f</h3><dl>" * 5_000, "<a href=http://a.example/>", ""),
    "links of one page": ("", "<a href=http://a.example/ tags=a,b,c>t</a>", ""),
    "tags of a link": ("<a href=x tags='", "t,", "'>"),
    "references": ("<a>", "&", ""),
    "names of references": ("<a>", "&lt", ""),
    "a number of a character": ("<a>&#", "1", ""),
    "accents in a host": ("<a href='http://a", "\u0301\u0327", "'>"),
    "spaces in a title": ("<a href=x>", " ", "x"),
}
LINES = {
    "texts": ('{"raw_text": "', "x", '"}'),
    "spaces": ('{"raw_text": "', " ", '"}'),
    "lines": ("", '{"raw_text": "x"}\n', ""),
    "lines that are none": ("", "x\n", ""),
    "empty lines": ("", "\n", ""),
    "brackets": ("", "[", ""),
    "objects": ("", '{"a":', ""),
    "keys": ('{"raw_text": "x"', ',"a": 1', "}"),
    "digits": ('{"raw_text": "x", "a": ', "1", "}"),
    "tags": ('{"raw_text": "x", "tags": ["t"', ',"t"', "]}"),
    "paths": ('{"source_url": "http://a.example/', "/", '"}'),
    "queries": ('{"source_url": "http://a.example/?', "a=b&", '"}'),
    "accents in a host": ('{"source_url": "http://a', "\u0301\u0327", '/"}'),
    "recurrence": ('{"type": "task", "title": "x", "recurrence": "', "FREQ=DAILY;", '"}'),
    "days": ('{"type": "task", "title": "x", "recurrence": "FREQ=YEARLY;BYMONTHDAY=1', ",1", '"}'),
    "a fraction of a second": ('{"raw_text": "x", "created_at": "2020-01-01T00:00:00.', "1", 'Z"}'),
}


VALUES = {
    "rows": ("url,time_added\n", "http://a.example/,1\n", ""),
    "different pages": ("url,time_added\n", "http://a.example/?,1\nb,2\n", ""),
    "quotes": ("url,time_added\n", '"', ""),
    "doubled quotes": ('url,time_added\n"', '""', '"'),
    "quotes that are not closed": ("url,time_added\n", '"x,', ""),
    "columns": ("url,time_added", ",x", ""),
    "values": ("url,time_added\n", "x,", ""),
    "line ends": ("url,time_added\n", "\n", ""),
}
OUTLINES = {
    "folders": ("<opml>", "<outline text=a>", ""),
    "folders with long names": ("<opml>", f"<outline text='{'long ' * 50}'>", ""),
    "feeds": ("<opml>", "<outline xmlUrl='http://a.example/'/>", ""),
    "feeds with feeds in them": ("<opml>", "<outline xmlUrl='http://a.example/'>", ""),
    "feeds in many folders": (
        "<opml>" + "<outline text=f>" * 5_000,
        "<outline xmlUrl=http://a.b>",
        "",
    ),
    "tags that are not closed": ("<opml>", "<outline ", ""),
    "quotes that are not closed": ("<opml>", '<outline text="', ""),
    "addresses": ("<opml><outline ", "xmlUrl=", "/>"),
    "spaces after a name": ("<opml><outline xmlUrl", " ", "/>"),
    "categories": ("<opml><outline xmlUrl='http://a.example/' category='", "/a,", "'/>"),
    "heads": ("", "<opml", ""),
    "entities": ("<!DOCTYPE opml [", "<!ENTITY a '&b;'>", "]><opml>"),
    "ends": ("<opml>", "</outline>", ""),
}
DOCUMENTS = {
    "objects": ("[", '{"href": "http://a.example/", "description": "x"},', "{}]"),
    "half characters": ('[{"href": "', "\\ud800", '", "description": "x"}]'),
    "backslashes": ('[{"href": "\\ud800', "\\\\", '", "description": "x"}]'),
    "folders": ("", '{"type":"text/x-moz-place-container","title":"f","children":[', ""),
    "types": ('{"type":"text/x-moz-place-container","a":[', '"type",', "0]}"),
    "lists": (
        '{"bookmarks":[{"createdAt":1,"content":{}}],"lists":[',
        '{"id":"a","parentId":"a","name":"n"},',
        "{}]}",
    ),
    "tags of a page": ('[{"url":"http://a.example","is_archived":0,"content":"', "<p>", '"}]'),
    "brackets": ("", "[", ""),
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("file_format", "shapes"),
    [
        ("bookmarks", BOOKMARKS),
        ("comma_separated", VALUES),
        ("outlines", OUTLINES),
        ("json", DOCUMENTS),
        ("json_lines", LINES),
    ],
)
def test_no_file_takes_more_than_linear_time(
    file_format: str, shapes: dict[str, tuple[str, str, str]]
) -> None:
    head = {"format": file_format, "enrich": False, "now": "2026-01-01T00:00:00+00:00"}
    assert_linear("webapp.imports.reader", json.dumps(head), shapes, 6_000)
