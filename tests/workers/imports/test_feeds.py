"""Feeds in imported files."""

from __future__ import annotations

import pytest

from tests.imports.test_opml import body, outline
from tests.workers.imports import counts, state, upload
from workers import add_imports
from workers.check_feeds import check_feeds

OPML = {"Content-Type": "text/x-opml"}
pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def _read_here(read_here):
    pass


def feeds(person):
    return {
        feed["url"].rpartition("/")[2]: feed
        for feed in person.client.get("/api/feeds?limit=100").json["items"]
    }


def follow(person, number, **more):
    answer = person.client.post("/api/feeds", json={"url": f"https://example.com/{number}", **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def folder(*lines, name):
    return f'<outline text="{name}">{"".join(lines)}</outline>'


def test_feeds_are_followed_in_their_folders_and_checked(olga, work, owner):
    news = olga.client.post("/api/folders", json={"name": "News"}).json["id"]
    standing = follow(olga, 1, name="Mine")
    owner.execute("DELETE FROM outbox WHERE kind = 'check_feeds'")
    file = body(
        folder(
            outline("https://example.com/1", text="Theirs"),
            outline("https://example.com/2", text="Two", category="oak"),
            folder(outline("https://example.com/3"), name="Deep"),
            name="news",
        ),
        outline("https://example.com/4"),
        outline("ftp://example.com/5"),
    )
    import_id = upload(olga, file, OPML)
    work()
    found = state(olga, import_id)
    assert counts(found) == ("completed", 4, 4, 3, 1, 1)
    assert found["format"] == "opml"
    there = feeds(olga)
    assert there.keys() == {"1", "2", "3", "4"}
    assert there["1"] == olga.client.get(f"/api/feeds/{standing['id']}").json
    assert (there["1"]["name"], there["1"]["folder_id"]) == ("Mine", None)
    assert (there["2"]["name"], there["2"]["tags"]) == ("Two", ["oak"])
    deep = olga.client.get(f"/api/folders/{there['3']['folder_id']}").json
    assert (there["2"]["folder_id"], deep["name"], deep["parent_id"]) == (news, "Deep", news)
    assert (there["4"]["folder_id"], there["4"]["interval_minutes"]) == (None, 60)
    assert owner.execute("SELECT count(*) FROM outbox WHERE kind = 'check_feeds'").fetchone() == (
        3,
    )
    assert owner.execute("SELECT count(*) FROM tags").fetchone() == (0,)
    assert upload(olga, file, OPML)
    work()
    assert len(feeds(olga)) == 4


def test_more_feeds_than_there_may_be_are_refused(olga, work, monkeypatch):
    monkeypatch.setattr(add_imports, "MOST_FEEDS", 3)
    monkeypatch.setattr(add_imports, "BATCH", 2)
    follow(olga, 3)
    file = body(*(outline(f"https://example.com/{number}") for number in range(6)))
    import_id = upload(olga, file, OPML)
    work()
    found = state(olga, import_id)
    assert counts(found) == ("completed", 3, 3, 2, 1, 3)
    assert [(each["line"], each["address"][-2:]) for each in found["mistakes"]] == [
        (3, "/2"),
        (5, "/4"),
        (6, "/5"),
    ]
    assert "at most 3 feeds" in found["mistakes"][0]["message"]
    assert feeds(olga).keys() == {"0", "1", "3"}


def test_a_thousand_mistakes_are_kept(olga, work, monkeypatch):
    monkeypatch.setattr(add_imports, "MOST_FEEDS", 0)
    wrong = (outline(f"ftp://example.com/{number}") for number in range(999))
    import_id = upload(olga, body(*wrong, *(outline(f"https://x.com/{n}") for n in "abc")), OPML)
    work()
    found = state(olga, import_id)
    assert (found["refused"], len(found["mistakes"])) == (1002, 1000)
    assert found["mistakes"][-1]["address"] == "https://x.com/a"


def test_an_address_within_is_refused_when_the_feed_is_checked(olga, work, worker):
    upload(olga, body(outline("http://169.254.169.254/latest")), OPML)
    work()
    worker(check_feeds).round()
    (feed,) = feeds(olga).values()
    assert feed["status"] == "failing"
    assert "not on the public internet" in feed["last_error"] or "address" in feed["last_error"]


def test_what_is_exported_is_imported_again_as_it_was(olga, people, work):
    around = olga.client.post("/api/folders", json={"name": "News & more"}).json["id"]
    within = olga.client.post("/api/folders", json={"name": "<Deep>", "parent_id": around}).json[
        "id"
    ]
    olga.client.post("/api/folders", json={"name": "Empty", "parent_id": around})
    follow(olga, "1?a=1&b=2", folder_id=within, name='"One"', tags=["oak", "to read"])
    follow(olga, 2, folder_id=around)
    follow(olga, 3)
    answer = olga.client.get("/api/export/feeds.opml")
    assert answer.mimetype == "text/x-opml"
    assert "coffer-feeds.opml" in answer.headers["Content-Disposition"]
    assert b"Empty" not in answer.data
    other = people.person("otto")
    import_id = upload(other, answer.data, OPML)
    work()
    assert counts(state(other, import_id)) == ("completed", 3, 3, 3, 0, 0)
    found = feeds(other)
    path = []
    folder_id = found["1?a=1&b=2"]["folder_id"]
    while folder_id:
        one = other.client.get(f"/api/folders/{folder_id}").json
        path, folder_id = [one["name"], *path], one["parent_id"]
    assert path == ["News & more", "<Deep>"]
    assert (found["1?a=1&b=2"]["name"], found["1?a=1&b=2"]["tags"]) == ('"One"', ["oak", "to read"])
    assert found["2"]["name"] == "https://example.com/2"
    assert found["3"]["folder_id"] is None
