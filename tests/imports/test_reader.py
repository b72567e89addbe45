"""The entries that are read from files, and those that cannot be read."""

from __future__ import annotations

import orjson
import pytest

from webapp.imports import reader

LINK_OF = '<DT><A HREF="https://example.com/a">{}</A>'


def read(file, file_format="lines"):
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


def test_only_the_first_mistakes_are_reported():
    found, _ = read(b"x\n" * 80 + b'{"raw_text": "good"}')
    assert (found["total"], found["refused"]) == (1, 80)
    assert len(found["mistakes"]) == reader.MOST_MISTAKES


@pytest.mark.parametrize(
    "file",
    [
        LINK_OF.format("Café").encode(),
        b"\xef\xbb\xbf" + LINK_OF.format("Café").encode(),
        LINK_OF.format("Café").encode("cp1252"),
        b'<META CONTENT="text/html; charset=iso-8859-2">' + LINK_OF.format("Café").encode("latin2"),
        b"<meta charset=shift_jis>" + LINK_OF.format("喫茶店").encode("shift_jis"),
        b"<meta charset=nonsense>" + LINK_OF.format("Café").encode("cp1252"),
    ],
    ids=range(6),
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
