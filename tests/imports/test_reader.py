"""The entries that are read from files, and those that cannot be read."""

from __future__ import annotations

import orjson
import pytest

from webapp.imports import reader

LINK_OF = '<DT><A HREF="https://example.com/a">{}</A>'


def read(file, file_format="json_lines"):
    """The summary of a file, and its entries."""
    head = {"format": file_format, "enrich": False, "now": "2026-01-01T00:00:00+00:00"}
    told = reader.main(orjson.dumps(head) + b"\n" + file)
    summary, *lists = map(orjson.loads, told.splitlines())
    return summary, [row["payload"] for rows in lists for row in rows]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b'{"type": "user"}', "neither item nor task"),
        (b"{}", "neither text nor an address"),
        (b'{"raw_text": "a\\u0000b"}', "U+0000"),
        (b'{"raw_text": "x", "tags": ["a\\u0000"]}', "U+0000"),
        (b'{"raw_text": "x", "title": 5}', "title: Not a valid string"),
        (b'{"raw_text": "x", "status": "discarded"}', "status"),
        (b'{"raw_text": "x", "created_at": "yesterday"}', "created_at"),
        (b'{"source_url": "ftp://x"}', "source_url"),
        (
            b'{"raw_text": "x", "suggestions": [{"name": "a", "confidence": 2, "status": "x"}]}',
            "sugg",
        ),
        (b'{"type": "task", "title": " "}', "title"),
        (b'{"type": "task", "title": "x", "recurrence": "FREQ=SECONDLY"}', "recurrence"),
        (b'{"type": "task", "title": "x", "follows_id": 7}', "follows_id"),
        (b'{"type": "task", "title": "x", "recurs_from": "2030-01-01T00:00:00Z"}', "recurs_from"),
        (b'\xff{"raw_text": "x"}', "not valid JSON"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_its_line_and_the_others_are_not(line, said):
    found, entries = read(b'{"raw_text": "good"}\n\n' + line)
    assert (found["total"], found["refused"], len(entries)) == (1, 1, 1)
    (mistake,) = found["mistakes"]
    assert mistake["line"] == 3
    assert said in mistake["message"]


def test_a_task_reminds_no_earlier_than_there_is_time():
    task = b'{"type": "task", "title": "x", "due_at": "0001-01-05T00:00:00Z",'
    _, (entry,) = read(task + b' "remind_minutes_before": 40320}')
    assert entry["remind_at"] == "1970-01-01T00:00:00Z"


def test_only_the_first_mistakes_are_reported():
    many = reader.MOST_MISTAKES + 1
    found, _ = read(b"x\n" * many + b'{"raw_text": "good"}')
    assert (found["total"], found["refused"]) == (1, many)
    assert len(found["mistakes"]) == reader.MOST_MISTAKES


@pytest.mark.parametrize(
    "file",
    [
        LINK_OF.format("Café").encode("utf-16"),
        LINK_OF.format("Café").encode(),
        b"\xef\xbb\xbf" + LINK_OF.format("Café").encode(),
        LINK_OF.format("Café").encode("cp1252"),
        b'<META CONTENT="text/html; charset=iso-8859-2">' + LINK_OF.format("Café").encode("latin2"),
        b"<meta charset=shift_jis>" + LINK_OF.format("喫茶店").encode("shift_jis"),
        b"<meta charset=nonsense>" + LINK_OF.format("Café").encode("cp1252"),
    ],
    ids=range(7),
)
def test_files_are_read_as_they_are_encoded(file):
    _, (entry,) = read(file, "bookmarks")
    assert entry["title"] in ("Café", "喫茶店")


@pytest.mark.parametrize("depth", [200, 600, 5000])
def test_no_nested_line_stops_the_others(depth):
    file = b'{"raw_text": "good"}\n{"raw_text": "x", "z": ' + b"[" * depth + b"]" * depth + b"}"
    found, _ = read(file)
    assert found["total"] + found["refused"] == 2


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    found, entries = read(b'\xef\xbb\xbf{"raw_text": "a"}\r\n{"raw_text": "b"}\r\n')
    assert found["refused"] == 0
    assert [each["raw_text"] for each in entries] == ["a", "b"]


def test_a_page_that_comes_twice_is_one_item_with_all_that_is_said_of_it():
    file = (
        '<DT><H3>Work</H3><DL><p><DT><A HREF="https://example.com/1" ADD_DATE="1600000002"></A>'
        "</DL><p><DT><H3>Home</H3><DL><p>"
        '<DT><A HREF="https://EXAMPLE.com/1#top" ADD_DATE="1600000001" TAGS="work">One</A>'
        "<DD>described here</DL><p>"
        '<DT><A HREF="https://example.com/1">Again</A><DD>and there'
        '<DT><A HREF="javascript:alert(1)">x</A><DT><A HREF="javascript:alert(1)">x</A>'
    )
    found, (item,) = read(file.encode(), "bookmarks")
    assert item["tags"] == ["Work", "Home"]
    assert (item["title"], item["summary"]) == ("One", "described here\n\nand there")
    assert item["created_at"] == "2020-09-13T12:26:41Z"
    assert (found["total"], found["merged"], found["refused"]) == (3, 2, 2)
    assert found["missed"] == 0


@pytest.mark.parametrize(
    ("address", "said"),
    [
        *(
            (address, f"The address begins with {scheme}, not with http:// or https://.")
            for address, scheme in (
                ("javascript:alert(1)", "javascript:"),
                ("place:sort=8", "place:"),
                ("feed://example.com", "feed:"),
                ("chrome-extension://x", "chrome-extension:"),
            )
        ),
        ("example.com", "The address does not begin with http:// or https://."),
        ("", "The address is empty."),
        (
            "https://u:p@example.com/",
            "The address cannot be taken: Must not contain a user name or a password.",
        ),
    ],
)
def test_an_address_that_is_none_of_the_web_is_refused_with_the_reason(address, said):
    found, _ = read(
        f'<DT><A HREF="https://a.example">A</A><A HREF="{address}">x</A>'.encode(), "bookmarks"
    )
    assert (found["total"], found["refused"], found["missed"]) == (1, 1, 0)
    (mistake,) = found["mistakes"]
    assert (mistake["line"], mistake["address"]) == (2, address)
    assert mistake["message"] == said


def test_an_address_with_characters_that_no_text_has_is_named_without_them():
    file = b'[{"href": "x\\u0000y", "description": "x"}]'
    found, _ = read(file, "json")
    (mistake,) = found["mistakes"]
    assert mistake["address"] == "xy"


def test_more_entries_than_are_read_are_missed(monkeypatch):
    monkeypatch.setattr(reader, "MOST_ROWS", 2)
    for entry, file_format in (
        ('{{"raw_text": "{}"}}\n', "json_lines"),
        ('<DT><A HREF="https://a.example/{}">x</A>', "bookmarks"),
    ):
        found, entries = read("".join(map(entry.format, range(4))).encode(), file_format)
        assert (len(entries), found["missed"]) == (2, 2)
        assert "more than 2 entries" in found["mistakes"][0]["message"]


def test_an_export_that_was_cut_says_so():
    lines = b'{"raw_text": "x"}\n' * 2
    for stated, missed in ((2, 0), (5, 3)):
        found, entries = read(lines + b'{"type": "end", "count": %d}' % stated)
        assert (len(entries), found["missed"]) == (2, missed)
        assert (found["lacking"] is None) == (missed == 0)


ITEM = b'{"type": "item", "id": "01970000-0000-7000-8000-00000000000%d", "raw_text": "x"}\n'
END = b'{"type": "end", "count": 2}'


@pytest.mark.parametrize(
    ("file", "is_cut"),
    [
        (ITEM % 1 + ITEM % 2 + END, False),
        (ITEM % 1 + ITEM % 2, True),
        (ITEM % 1 + ITEM % 2 + ITEM[:40], True),
        (ITEM % 1 + ITEM % 2 + END + b"\n" + ITEM % 3, True),
        (b'{"raw_text": "x"}\n{"type": "item", "raw_text": "y"}\n', False),
        (ITEM % 1 + b'{"raw_text": "x"}\n', False),
    ],
)
def test_an_export_without_its_last_line_was_cut(file, is_cut):
    found, _ = read(file)
    assert ("The file was cut" in (found["lacking"] or "")) is is_cut
