"""Imports from upload to end, with the child process that reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.children import children
from tests.processes import eventually
from tests.workers.imports import BOOKMARKS, bookmarks, counts, state, upload
from workers import read_imports
from workers.engine import line
from workers.read_imports import read_imports as reading


@pytest.mark.long
def test_bookmarks_become_confirmed_items(olga, imported):
    file = bookmarks(
        ("https://example.com/a", "A", 'ADD_DATE="1600000000" TAGS="oak,garden"'),
        ("https://example.com/b", "", ""),
        ("javascript:alert(1)", "Click", ""),
    )
    found = imported(olga, file, BOOKMARKS)
    assert counts(found) == ("completed", 2, 2, 2, 0, 1)
    assert found["mistakes"] == [
        {
            "line": 3,
            "message": "The address begins with javascript:, not with http:// or https://.",
            "address": "javascript:alert(1)",
        }
    ]
    assert found["ended_at"] is not None
    newest, oldest = olga.client.get("/api/library").json["items"]
    assert (oldest["title"], oldest["tags"]) == ("A", ["garden", "oak"])
    assert oldest["created_at"] == oldest["confirmed_at"] == "2020-09-13T12:26:40Z"
    assert newest["title"] == "https://example.com/b"


@pytest.mark.long
def test_files_of_other_programs_are_told_apart_by_their_content(olga, imported):
    pocket = "title,url,time_added,tags,status\nGärten,https://example.com/1,1600000000,a|b,unread"
    pinboard = (
        b'[{"href": "https://example.com/2", "description": "Two", "time": "x", "tags": "c"}]'
    )
    for file, kind, name in (
        (pocket.encode("cp1252"), "text/csv; charset=iso-8859-1", "pocket"),
        (pinboard, "application/json", "pinboard"),
    ):
        found = imported(olga, file, {"Content-Type": kind})
        assert found["format"] == name
        assert counts(found) == ("completed", 1, 1, 1, 0, 0)
    two, one = olga.client.get("/api/library").json["items"]
    assert (one["title"], one["tags"], two["tags"]) == ("Gärten", ["a", "b"], ["c"])
    assert one["created_at"] == "2020-09-13T12:26:40Z"


@pytest.mark.long
def test_hostile_nesting_is_one_failed_import(olga, imported):
    found = imported(olga, b'{"raw_text": ' + b"[" * 100_000)
    assert found["status"] == "failed"


@pytest.mark.processes
def test_a_cancelled_import_ends_the_child_that_reads_its_file(olga, worker, monkeypatch):
    monkeypatch.setattr(read_imports, "READER", "tests.parsing.endless")
    monkeypatch.setattr(line, "_REPORT_EVERY", 0.1)
    import_id = upload(olga, [{"raw_text": "note"}])
    before = children()
    with ThreadPoolExecutor(1) as pool:
        round_of_reading = pool.submit(worker(reading).round)
        eventually(lambda: children() - before or round_of_reading.done())
        assert olga.client.post(f"/api/imports/{import_id}/cancel").status_code == 200
        assert round_of_reading.result(timeout=60) == 1  # it may read for two minutes
    assert children() <= before
    assert state(olga, import_id)["status"] == "cancelled"
