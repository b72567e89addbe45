"""Files as other programs export them: small ones, true to what their sources write."""

from __future__ import annotations

import json

import orjson
import pytest

from webapp.imports import reader
from webapp.imports.families import contents_of
from webapp.imports.format import Link, of_family

HEAD = {"enrich": False, "now": "2026-01-01T00:00:00+00:00"}
FIELDS = ("source_url", "title", "summary", "tags", "created_at")


def read(file, family, **more):
    """The summary of a file, and its entries by their titles."""
    data = file if isinstance(file, bytes) else file.encode()
    told = reader.main(orjson.dumps(HEAD | {"format": family} | more) + b"\n" + data)
    summary, *lists = map(orjson.loads, told.splitlines())
    return summary, {row["payload"]["title"]: row["payload"] for rows in lists for row in rows}


def folders_of(found, entry):
    """The paths of an entry's folders."""

    def path(number):
        around, name = found["folders"][number]
        return [*([] if around is None else path(around)), name]

    return list(map(path, entry["folders"]))


def family_of(name):
    return "json" if FILES[name][0][0] in "[{" else "comma_separated"


def shown(entry):
    return tuple(entry[name] for name in FIELDS)


POCKET = '''title,url,time_added,tags,status
"One, ""two""",https://example.com/1,1600322788,a|b c,unread
https://example.com/2,https://example.com/2,1600172739,,archive
Again,https://example.com/1,1600000000,d,unread
'''
INSTAPAPER = """URL,Title,Selection,Folder,Timestamp,Tags
https://example.com/1,One,"Marked
in two lines",Archive,1700000001,"[""react"",""java, script""]"
https://example.com/2,Two,,Garden,1700000002,[]
"""
OLD_INSTAPAPER = """URL,Title,Selection,Folder
https://example.com/1,One,,Unread
https://example.com/2,Two,,Garden
"""
RAINDROP = """id,title,note,excerpt,url,folder,tags,created,cover,highlights,favorite
1,One,My note,What it says,https://example.com/1,Work / Deep,"dev, to read",2023-01-15T10:30Z,,,true
2,Two,,,https://example.com/2,Unsorted,,2023-02-20T14:00:00.000Z,,,false
"""
KARAKEEP = {
    "bookmarks": [
        {
            "createdAt": 1700000000,
            "title": "One",
            "tags": ["ai", "to read"],
            "lists": ["b", "s", "gone"],
            "content": {"type": "link", "url": "https://example.com/1"},
            "note": "Mine",
            "archived": True,
        },
        {
            "createdAt": 1700000001,
            "title": None,
            "tags": [],
            "content": {"type": "text", "text": "A note\nof two lines"},
            "note": None,
        },
        {"createdAt": 1700000002, "title": "scan.pdf", "tags": [], "content": None, "note": None},
    ],
    "lists": [
        {"id": "a", "name": "Work", "type": "manual", "parentId": "b2", "icon": "x"},
        {"id": "b", "name": "Deep", "type": "manual", "parentId": "a", "icon": "x"},
        {"id": "s", "name": "Smart", "type": "smart", "query": "x", "parentId": None},
    ],
}
LINKWARDEN = {
    "name": "Ana",
    "collections": [
        {
            "id": 1,
            "name": "Unorganized",
            "parentId": None,
            "links": [
                {
                    "id": 7,
                    "name": "One",
                    "url": "https://example.com/1",
                    "description": "Said",
                    "tags": [{"id": 3, "name": "ai"}],
                    "importDate": None,
                    "createdAt": "2024-01-02T03:04:05.123Z",
                    "textContent": "All of the page",
                }
            ],
        },
        {"id": 2, "name": "Work", "parentId": 3, "links": []},
        {
            "id": 3,
            "name": "Deep",
            "parentId": 2,
            "links": [
                {
                    "name": "Two",
                    "url": "https://example.com/2",
                    "description": "",
                    "tags": [],
                    "importDate": "2020-01-02T03:04:05.000Z",
                    "createdAt": "2024-01-02T03:04:05.000Z",
                },
                {"name": "a.pdf", "url": None, "type": "pdf", "tags": []},
            ],
        },
    ],
    "pinnedLinks": [{"id": 7, "url": "https://example.com/1", "name": "One"}],
}
WALLABAG = [
    {
        "id": 4668,
        "title": "One",
        "url": "https://example.com/1",
        "is_archived": 1,
        "is_starred": 0,
        "tags": ["garden", "oak"],
        "created_at": "2016-09-08T11:55:58+0200",
        "content": "<p>The oak\nposts &amp; more.</p>\n<ul><li>One</li></ul><style>p {}</style>",
        "language": "en_GB",
        "published_by": ["Jane Doe", "Max"],
        "published_at": "2016-02-10T00:00:00+0100",
        "annotations": [{"text": "so it is", "quote": "The oak"}, {"quote": "posts"}],
    },
    {"title": "Two", "url": "https://example.com/2", "is_archived": 0, "tags": [{"label": "x"}]},
]
PINBOARD = [
    {
        "href": "https://example.com/1",
        "description": "One",
        "extended": "About it\n\nand more",
        "meta": "21ff",
        "time": "2016-10-31T15:57:56Z",
        "shared": "yes",
        "toread": "no",
        "tags": "infinite dom",
    },
    {"href": "place:x", "description": "Bad", "extended": "", "time": "", "tags": ""},
]
LINKDING = {
    "count": 2,
    "next": None,
    "results": [
        {
            "id": 1,
            "url": "https://example.com/1",
            "title": "One",
            "description": "Said",
            "notes": "# Noted",
            "is_archived": False,
            "unread": True,
            "tag_names": ["ai", "to-read"],
            "date_added": "2020-09-26T09:46:23.006313Z",
        },
        {"url": "https://example.com/2", "title": "", "website_title": "Two", "tag_names": []},
    ],
}
FIREFOX = {
    "guid": "root________",
    "title": "",
    "type": "text/x-moz-place-container",
    "root": "placesRoot",
    "children": [
        {
            "guid": "menu________",
            "title": "menu",
            "type": "text/x-moz-place-container",
            "root": "bookmarksMenuFolder",
            "children": [
                {
                    "title": "Garden",
                    "type": "text/x-moz-place-container",
                    "children": [
                        {
                            "title": "One",
                            "type": "text/x-moz-place",
                            "uri": "https://example.com/1",
                            "dateAdded": 1388166091644000,
                            "tags": "oak,to read",
                            "annos": [
                                {"name": "bookmarkProperties/description", "value": "Said"},
                                {"name": "other", "value": "x"},
                            ],
                        }
                    ],
                },
                {"type": "text/x-moz-place-separator", "title": ""},
                {"title": "Recent", "type": "text/x-moz-place", "uri": "place:sort=8"},
                {"title": "Two", "type": "text/x-moz-place", "uri": "https://example.com/2"},
            ],
        }
    ],
}
LIST = [{"source_url": "https://example.com/1", "title": "One"}, {"type": "task", "title": "Do"}]

NOW = "2026-01-01T00:00:00Z"
TWO = ("https://example.com/2", "Two", None)
# What each file gives: its entries, and how many are merged and refused.
FILES = {
    "pocket": (
        POCKET,
        [
            (
                *("https://example.com/1", 'One, "two"', None),
                *(["a", "b c", "d"], "2020-09-13T12:26:40Z"),
            ),
            ("https://example.com/2", "https://example.com/2", None, [], "2020-09-15T12:25:39Z"),
        ],
        (1, 0),
    ),
    "instapaper": (
        INSTAPAPER,
        [
            (
                *("https://example.com/1", "One", "Marked\nin two lines"),
                *(["react", "java, script"], "2023-11-14T22:13:21Z"),
            ),
            (*TWO, [], "2023-11-14T22:13:22Z"),
        ],
        (0, 0),
    ),
    "raindrop": (
        RAINDROP,
        [
            (
                *("https://example.com/1", "One", "My note\n\nWhat it says"),
                *(["dev", "to read"], "2023-01-15T10:30:00Z"),
            ),
            (*TWO, [], "2023-02-20T14:00:00Z"),
        ],
        (0, 0),
    ),
    "karakeep": (
        json.dumps(KARAKEEP),
        [
            (
                *("https://example.com/1", "One", "Mine"),
                *(["ai", "to read"], "2023-11-14T22:13:20Z"),
            ),
            (None, "A note", None, [], "2023-11-14T22:13:21Z"),
        ],
        (0, 1),
    ),
    "linkwarden": (
        json.dumps(LINKWARDEN),
        [
            ("https://example.com/1", "One", "Said", ["ai"], "2024-01-02T03:04:05.123000Z"),
            (*TWO, [], "2020-01-02T03:04:05Z"),
        ],
        (0, 1),
    ),
    "wallabag": (
        json.dumps(WALLABAG),
        [
            (
                *("https://example.com/1", "One", "The oak\n\nso it is\n\nposts"),
                *(["garden", "oak"], "2016-09-08T09:55:58Z"),
            ),
            (*TWO, ["x"], NOW),
        ],
        (0, 0),
    ),
    "pinboard": (
        json.dumps(PINBOARD),
        [
            (
                *("https://example.com/1", "One", "About it\n\nand more"),
                *(["infinite", "dom"], "2016-10-31T15:57:56Z"),
            )
        ],
        (0, 1),
    ),
    "linkding": (
        json.dumps(LINKDING),
        [
            (
                *("https://example.com/1", "One", "Said\n\n# Noted"),
                *(["ai", "to-read"], "2020-09-26T09:46:23.006313Z"),
            ),
            (*TWO, [], NOW),
        ],
        (0, 0),
    ),
    "firefox": (
        json.dumps(FIREFOX),
        [
            (
                *("https://example.com/1", "One", "Said"),
                *(["oak", "to read", "Garden"], "2013-12-27T17:41:31.644000Z"),
            ),
            (*TWO, [], NOW),
        ],
        (0, 1),
    ),
    "json": (
        json.dumps(LIST),
        [("https://example.com/1", "One", None, [], NOW)],
        (0, 0),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_its_content_and_read_whole(name):
    file, expected, (merged, refused) = FILES[name]
    found, entries = read(file, family_of(name))
    assert found["format"] == name
    items = [each for each in entries.values() if "source_url" in each]
    assert sorted(map(shown, items), key=str) == sorted(expected, key=str)
    counted = (found["merged"], found["refused"], found["missed"])
    assert counted == (merged, refused, 0), found["mistakes"]


def test_every_format_has_an_example():
    families = ("bookmarks", "comma_separated", "json", "json_lines")
    names = {each.name for family in families for each in of_family(family)}
    assert names == {*FILES, "bookmarks", "json_lines"}


def test_texts_of_pages_and_notes_come_along():
    _, entries = read(json.dumps(WALLABAG), "json")
    assert entries["One"]["content"] == "The oak posts & more.\n\nOne"
    assert (entries["One"]["language"], entries["One"]["author"]) == ("en", "Jane Doe, Max")
    assert entries["One"]["published_at"] == "2016-02-09T23:00:00Z"
    _, entries = read(json.dumps(LINKWARDEN), "json")
    assert entries["One"]["content"] == "All of the page"
    _, entries = read(json.dumps(KARAKEEP), "json")
    assert entries["A note"]["raw_text"] == "A note\nof two lines"
    KARAKEEP["bookmarks"][1]["content"]["text"] = "x" * 20_000
    _, entries = read(json.dumps(KARAKEEP), "json")
    (note,) = (each for each in entries.values() if each["raw_text"])
    assert (len(note["raw_text"]), len(note["content"])) == (10_000, 20_000)


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "pocket": [(False, False), (True, False), (False, False)],
        "instapaper": [(True, False), (False, False)],
        "raindrop": [(False, True), (False, False)],
        "karakeep": [(True, False), (False, False), None],
        "linkwarden": [(False, True), (False, False), (False, False)],
        "wallabag": [(True, False), (False, False)],
        "pinboard": [(True, False), (False, False)],
        "linkding": [(False, False), (False, False)],
    }.items(),
)
def test_what_was_read_and_liked_is_known(name, expected):
    _, contents = contents_of(FILES[name][0].encode(), family_of(name), None)
    found = [
        (entry.is_read, entry.is_favourite) if isinstance(entry, Link) else None
        for entry in contents.entries
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("answer", "missed", "said"),
    [
        (LINKDING, 0, None),
        (LINKDING | {"count": 341, "next": "https://l.example/?offset=2"}, 339, "?limit=341"),
        (LINKDING | {"count": 3}, 1, "2 of 3 bookmarks: it is one page of several; ask linkding"),
        (LINKDING | {"next": "https://l.example/?offset=2"}, 0, "has 2 bookmarks: it is one page"),
        ({"total": 2, "_embedded": {"items": WALLABAG}}, 0, None),
        ({"total": 9, "_embedded": {"items": WALLABAG}}, 7, "in wallabag as JSON"),
        (KARAKEEP | {"nextCursor": None}, 0, None),
        (KARAKEEP | {"nextCursor": "x"}, 0, "in Karakeep's settings"),
    ],
)
def test_one_page_of_several_says_so(answer, missed, said):
    found, _ = read(json.dumps(answer), "json")
    assert found["missed"] == missed
    assert (found["lacking"] is None) if said is None else (said in found["lacking"])


@pytest.mark.parametrize(
    ("folder", "paths"),
    [("Music / AC/DC", [["Music", "AC/DC"]]), ("Work/Deep", [["Work", "Deep"]]), ("Unsorted", [])],
)
def test_collections_of_raindrop_may_have_a_slash_in_their_names(folder, paths):
    file = f"url,title,folder,note\nhttps://a.example,One,{folder},"
    found, entries = read(file, "comma_separated")
    assert folders_of(found, entries["One"]) == paths


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "instapaper": {"One": [], "Two": [["Garden"]]},
        "raindrop": {"One": [["Work", "Deep"]], "Two": []},
        "karakeep": {"One": [["Work", "Deep"]], "A note": []},
        "linkwarden": {"One": [], "Two": [["Work", "Deep"]]},
        "firefox": {"One": [["Garden"]], "Two": []},
    }.items(),
)
def test_folders_lists_and_collections_are_folders(name, expected):
    found, entries = read(FILES[name][0], family_of(name))
    assert {title: folders_of(found, entries[title]) for title in expected} == expected


@pytest.mark.parametrize(
    ("folders_become", "name", "expected"),
    [
        (None, "firefox", (["oak", "to read", "Garden"], [["Garden"]])),
        ("folders", "firefox", (["oak", "to read"], [["Garden"]])),
        ("tags", "firefox", (["oak", "to read", "Garden"], [])),
        (None, "raindrop", (["dev", "to read"], [["Work", "Deep"]])),
        ("both", "raindrop", (["dev", "to read", "Work", "Deep"], [["Work", "Deep"]])),
        ("tags", "raindrop", (["dev", "to read", "Work", "Deep"], [])),
    ],
)
def test_what_becomes_of_folders_is_chosen(folders_become, name, expected):
    found, entries = read(FILES[name][0], family_of(name), folders_become=folders_become)
    assert (entries["One"]["tags"], folders_of(found, entries["One"])) == expected
    assert (found["folders"] == []) == (folders_become == "tags")


@pytest.mark.parametrize(
    ("count", "missed"),
    [(2, 0), (5, 3)],
)
def test_the_lines_of_an_export_may_be_a_list(count, missed):
    end = {"type": "end", "count": count}
    found, entries = read(json.dumps([*LIST, end]), "json")
    assert (len(entries), found["refused"], found["missed"]) == (2, 0, missed)
    assert (found["lacking"] is None) == (missed == 0)


def test_what_is_archived_in_linkding_is_read():
    archived = LINKDING["results"][0] | {"is_archived": True}
    _, entries = read(json.dumps([archived]), "json")
    assert entries["One"]["is_read"] is True


def test_older_files_of_instapaper_have_no_dates():
    found, entries = read(OLD_INSTAPAPER, "comma_separated")
    assert found["format"] == "instapaper"
    assert [folders_of(found, each) for each in entries.values()] == [[], [["Garden"]]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_values_may_be_separated_otherwise(separator):
    file = "\ufefftitle,url,time_added\r\n\r\nOne,https://example.com/1,1".replace(",", separator)
    found, entries = read(file, "comma_separated")
    assert (found["format"], list(entries), found["missed"]) == ("pocket", ["One"], 0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way_and_quoted_values_may_have_several(end):
    rows = [
        "title,url,time_added",
        '"a;\r\n""b""\r",https://example.com/1,1',
        '"c\nd",https://e.com,1',
    ]
    found, entries = read(end.join(rows), "comma_separated")
    assert (list(entries), found["missed"]) == (['a; "b"', "c d"], 0)


def test_half_a_character_costs_no_more_than_itself():
    file = r'[{"source_url": "https://example.com/1", "title": "a\ud83c \\ud83c \ud83c\udf33"}]'
    _, entries = read(file, "json")
    assert list(entries) == ["a\ufffd \\ud83c \U0001f333"]


def test_a_quotation_mark_that_is_not_closed_is_noticed():
    rows = "".join(f"T{n},https://example.com/{n},1\n" for n in range(5))
    broken = rows.replace("T1", '"T1')
    found, entries = read("title,url,time_added\n" + broken, "comma_separated")
    assert len(entries) + found["refused"] + found["missed"] >= 5
    assert found["missed"] > 0


def test_a_row_with_more_values_than_columns_is_refused():
    file = "title,url,time_added\nOne, two,https://example.com/1,1\nThree,https://example.com/3,1\n"
    found, entries = read(file, "comma_separated")
    assert list(entries) == ["Three"]
    assert found["mistakes"] == [
        {"line": 2, "message": "Has 4 values for 3 columns.", "address": None}
    ]


@pytest.mark.parametrize(
    ("file", "family", "said"),
    [
        ("{", "json", "is not valid JSON"),
        ("[" * 100_000, "json", "or is nested too deeply"),
        ('{"a": 1}', "json", "none of these formats: firefox, json, karakeep"),
        ("[1, 2]", "json", "none of these formats"),
        ("", "comma_separated", "none of these formats: instapaper, pocket, raindrop"),
        ("a,b\n1,2\n", "comma_separated", "none of these formats"),
    ],
)
def test_a_file_of_no_known_format_says_so(file, family, said):
    found, entries = read(file, family)
    assert (entries, found["refused"], found["mistakes"]) == ({}, 0, [])
    assert said in found["lacking"]


PRETTY = json.dumps(KARAKEEP, indent=1)
BOOKMARKS = '<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DT><A HREF="https://a.example">A</A>'
LINES = '{"type": "item", "raw_text": "a"}\n{"type": "end", "count": 1}\n'


@pytest.mark.parametrize(
    ("file", "families", "said"),
    [
        (json.dumps(WALLABAG), "bookmarks comma_separated", "JSON: send it as application/json."),
        (PRETTY, "bookmarks json_lines", "looks like JSON: send it as application/json."),
        (json.dumps(LIST), "json_lines", "looks like JSON: send it as application/json."),
        (json.dumps(KARAKEEP), "json_lines", "looks like JSON: send it as application/json."),
        (LINES, "bookmarks json comma_separated", "send it as application/x-ndjson."),
        ('{"raw_text": "a"}', "json", "lines of JSON: send it as application/x-ndjson."),
        (POCKET, "bookmarks json json_lines", "comma-separated values: send it as text/csv."),
        (BOOKMARKS, "json comma_separated json_lines", "looks like HTML: send it as text/html."),
        (b"PK\x03\x04\x14\0" * 9, "bookmarks json json_lines", "is a ZIP: unpack it and send the"),
        (b"mozLz40\0x", "json", "is a compressed backup of Firefox"),
    ],
    ids=range(10),
)
def test_a_file_that_was_sent_as_another_type_says_as_what(file, families, said):
    for family in families.split():
        found, entries = read(file, family)
        assert (entries, found["refused"]) == ({}, 0)
        assert said in found["lacking"]


ODD = [None, 5, "x", [], {}, [None], {"type": None}, True, "\ud800", "a\0b", [[]], {"id": {}}]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in FILES if FILES[name][0][0] in "[{"])
def test_no_odd_value_stops_a_file(name):
    """Each value of the file in turn is replaced by odd ones."""
    whole = json.loads(FILES[name][0])
    for place in places(whole):
        for odd in ODD:
            text = json.dumps(replaced(whole, place, odd))
            found, entries = read(text, "json")
            assert found["total"] == len(entries) + found["merged"]


def places(value, here=()):
    inner = list(enumerate(value)) if isinstance(value, list) else []
    for key, each in value.items() if isinstance(value, dict) else inner:
        yield (*here, key)
        yield from places(each, (*here, key))


def replaced(value, place, by):
    if not place:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], by)
    return copy
