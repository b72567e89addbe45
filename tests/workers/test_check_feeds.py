"""Checking feeds, with real servers on loopback."""

from __future__ import annotations

from functools import partial

import pytest

from tests.clients.site import Site, redirect, response
from tests.clients.web.feeds import entry, rss, served
from webapp.clients.web.feeds import FeedFetcher
from workers import check_feeds as module
from workers.check_feeds import check_feeds
from workers.queue_feeds import queue_feeds

FEEDS = "/api/feeds"
pytestmark = pytest.mark.long


@pytest.fixture
def site():
    with Site() as serving:
        serving.pages["/feed"] = served(rss(entry(1), entry(2)))
        yield serving


@pytest.fixture
def check(worker, owner):
    """Checks what is queued, whenever it is due."""
    running = worker(check_feeds)

    def check():
        owner.execute("UPDATE outbox SET run_after = now() WHERE kind = 'check_feeds'")
        return running.round()

    return check


@pytest.fixture
def follow(ana, site):
    def follow(path="/feed", **given):
        answer = ana.post(FEEDS, json={"url": site.url(path)} | given)
        assert answer.status_code == 201, answer.json
        return answer.headers["Location"]

    return follow


@pytest.fixture
def checked(ana, check):
    """Has a feed checked, and gives it."""

    def checked(feed):
        assert ana.post(f"{feed}/check").status_code == 202
        assert check() == 1
        return ana.get(feed).json

    return checked


def titles(client):
    items = client.get("/api/items/pending?limit=100").json["items"]
    return [each["title"] for each in items]


def until_next(owner):
    """Minutes until the one feed is checked again."""
    row = owner.execute(
        "SELECT round(extract(epoch FROM next_check_at - checked_at) / 60)::int FROM feeds"
    ).fetchone()
    return row[0]


def test_the_entries_of_a_feed_become_items_with_its_tags_and_folder(ana, follow, check, owner):
    folder = ana.post("/api/folders", json={"name": "News"}).json["id"]
    feed = follow(tags=["news"], folder_id=folder)
    assert check() == 1
    found = ana.get(feed).json
    assert (found["status"], found["title"]) == ("active", "Garden news")
    assert found["site_url"] == "https://example.com/"
    assert found["checked_at"] is not None
    assert until_next(owner) == 60
    items = ana.get("/api/items/pending").json["items"]
    assert [(each["title"], each["source_url"], each["status"]) for each in items] == [
        ("Post 1", "https://example.com/posts/1", "enriching"),
        ("Post 2", "https://example.com/posts/2", "enriching"),
    ]
    for each in items:
        item = ana.get(f"/api/items/{each['id']}").json
        assert item["source_type"] == "article"
        assert item["tags"] == ["news"]
        assert [each["id"] for each in item["folders"]] == [folder]


def test_an_entry_becomes_an_item_once_whatever_became_of_it(ana, follow, checked, site):
    feed = follow()
    checked(feed)
    first = ana.get("/api/items/pending").json["items"][0]
    ana.patch(f"/api/items/{first['id']}", json={"action": "discard"})
    site.pages["/feed"] = served(rss(entry(3), entry(1), entry(2)))
    checked(feed)
    checked(feed)
    assert titles(ana) == ["Post 3", "Post 2"]


def test_an_entry_that_changes_stays_the_item_that_it_became(ana, follow, checked, site):
    feed = follow()
    checked(feed)
    changed = entry(1).replace("Post 1", "Post 1, corrected").replace("/posts/1", "/posts/one")
    site.pages["/feed"] = served(rss(changed, entry(2)))
    checked(feed)
    assert titles(ana) == ["Post 1", "Post 2"]


def test_another_name_of_an_entry_makes_no_other_item(ana, follow, checked, site):
    feed = follow()
    checked(feed)
    for each in ana.get("/api/items/pending").json["items"]:
        ana.patch(f"/api/items/{each['id']}", json={"action": "discard"})
    site.pages["/feed"] = served(rss(entry(1, guid="new-1"), entry(2, guid="new-2")))
    checked(feed)
    assert titles(ana) == []


def test_a_page_that_the_workspace_has_is_not_added(ana, follow, checked):
    known = {"source_type": "article", "source_url": "https://example.com/posts/1?utm_source=x"}
    ana.post("/api/items", json=known | {"enrich": False})
    checked(follow())
    assert titles(ana) == ["Post 2"]


def test_the_first_check_takes_the_newest_entries(ana, follow, checked, site, monkeypatch):
    monkeypatch.setattr(module, "MOST_FIRST", 3)
    days = [(1, "01"), (2, "05"), (3, "03"), (4, "04")]
    entries = [entry(number, date=f"{day} Jan 2024 10:00:00 GMT") for number, day in days]
    future = entry(5, date="01 Jan 2100 10:00:00 GMT")
    site.pages["/feed"] = served(rss(entry(6), *entries, future))
    feed = follow()
    checked(feed)
    assert titles(ana) == ["Post 5", "Post 2", "Post 4"]
    checked(feed)
    assert len(titles(ana)) == 3


def test_a_later_check_takes_more_but_not_everything(ana, follow, checked, site, monkeypatch):
    monkeypatch.setattr(module, "MOST_LATER", 2)
    feed = follow()
    checked(feed)
    site.pages["/feed"] = served(rss(*(entry(number) for number in range(3, 8)), entry(1)))
    checked(feed)
    assert titles(ana) == ["Post 3", "Post 4", "Post 1", "Post 2"]
    checked(feed)
    assert len(titles(ana)) == 4


def test_entries_without_an_address_become_notes(ana, follow, checked, site):
    thought = (
        "<item><guid>tag:1</guid><description>&lt;p&gt;A thought&lt;/p&gt;</description></item>"
    )
    site.pages["/feed"] = served(rss(thought, thought))
    checked(follow())
    (item,) = ana.get("/api/items/pending").json["items"]
    item = ana.get(f"/api/items/{item['id']}").json
    assert (item["source_type"], item["raw_text"]) == ("note", "A thought")


def test_what_is_as_it_was_is_not_read_again(ana, follow, checked, site, owner):
    site.pages["/feed"] = served(rss(entry(1)), etag='"v1"', last_modified="yesterday")
    feed = follow()
    checked(feed)
    site.pages["/feed"] = response(b"", "304 Not Modified")
    found = checked(feed)
    assert (found["status"], found["title"]) == ("active", "Garden news")
    assert 'if-none-match: "v1"' in site.requests[-1].lower()
    assert until_next(owner) == 60


def test_a_feed_that_moved_is_asked_for_where_it_is(ana, follow, checked, site):
    site.pages["/new"] = site.pages["/feed"]
    site.pages["/feed"] = redirect("/new", "301 Moved Permanently")
    feed = follow()
    assert checked(feed)["url"] == site.url("/new")
    checked(feed)
    assert [each.split()[1] for each in site.requests] == ["/feed", "/new", "/new"]
    assert len(titles(ana)) == 2


def test_a_feed_that_moved_to_another_one_is_stopped(ana, follow, checked, site):
    site.pages["/new"] = site.pages["/feed"]
    checked(follow("/new"))
    site.pages["/feed"] = redirect("/new", "301 Moved Permanently")
    found = checked(follow())
    assert found["status"] == "stopped"
    assert site.url("/new") in found["last_error"]


def test_a_page_leads_to_its_feed(ana, follow, checked, site):
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    site.pages["/"] = response(f"<html><head>{link}</head><body>Blog</body></html>".encode())
    found = checked(follow("/"))
    assert (found["url"], found["status"]) == (site.url("/feed"), "active")
    assert len(titles(ana)) == 2


def test_a_failing_feed_is_checked_later_and_later_until_it_is_back(
    ana, follow, checked, site, owner
):
    feed = follow()
    good, site.pages["/feed"] = site.pages["/feed"], response(b"", "500 Oops")
    found = checked(feed)
    assert found["status"] == "failing"
    assert "500" in found["last_error"]
    assert until_next(owner) == 60
    checked(feed)
    assert until_next(owner) == 120
    owner.execute("UPDATE feeds SET failures = 2000000")
    checked(feed)
    assert until_next(owner) == 24 * 60
    site.pages["/feed"] = good
    found = checked(feed)
    assert (found["status"], found["last_error"]) == ("active", None)
    assert until_next(owner) == 60
    events = [each["event"] for each in ana.get(f"{feed}/events").json["items"]]
    assert events == ["feed.created", "feed.failing", "feed.recovered"]


def test_a_feed_waits_as_long_as_its_server_asks_for(follow, checked, site, owner):
    site.pages["/feed"] = response(b"", "429 Slow down", retry_after="18000")
    checked(follow())
    assert until_next(owner) == 300


def test_a_feed_that_is_gone_is_stopped(ana, follow, checked, check, site, owner):
    site.pages["/feed"] = response(b"", "410 Gone")
    feed = follow()
    found = checked(feed)
    assert (found["status"], found["next_check_at"]) == ("stopped", None)
    assert "removed" in found["last_error"]
    site.pages["/feed"] = served(rss(entry(1)))
    assert ana.patch(feed, json={"action": "resume"}).status_code == 200
    check()
    assert titles(ana) == ["Post 1"]


def test_a_feed_that_hangs_or_is_dead_hurts_no_other(ana, follow, check, site, monkeypatch):
    monkeypatch.setattr(module, "FeedFetcher", partial(FeedFetcher, timeout=1.0))
    site.pages["/slow"] = lambda connection: connection.keep_silent()
    slow, dead, good = follow("/slow"), follow("/dead"), follow("/feed")
    assert check() == 3
    for path in (slow, dead):
        assert ana.get(path).json["status"] == "failing"
    assert ana.get(good).json["status"] == "active"
    assert len(titles(ana)) == 2


def test_those_that_are_due_are_queued_once(ana, follow, checked, worker, owner):
    feed = follow()
    checked(feed)
    running = worker(queue_feeds)

    def queue():
        owner.execute(
            "INSERT INTO outbox (kind, subject_id) SELECT kind, id FROM schedules"
            " WHERE kind = 'queue_feeds'"
        )
        assert running.round() == 1
        return owner.execute("SELECT kind FROM outbox WHERE kind = 'check_feeds'").fetchall()

    assert queue() == []
    owner.execute("UPDATE feeds SET next_check_at = now()")
    assert queue() == [("check_feeds",)]
    assert queue() == [("check_feeds",)]
    ana.patch(feed, json={"action": "stop"})
    owner.execute("DELETE FROM outbox")
    assert queue() == []


def test_entries_that_are_gone_are_forgotten_but_the_last_ones(
    ana, follow, checked, site, owner, monkeypatch
):
    monkeypatch.setattr(module, "KEPT", 1)
    feed = follow()
    checked(feed)
    site.pages["/feed"] = served(rss(entry(3)))
    checked(feed)
    assert owner.execute("SELECT count(*) FROM feed_entries").fetchone() == (2,)
    site.pages["/feed"] = served(rss(entry(3), entry(1), entry(2)))
    checked(feed)
    counts = owner.execute("SELECT count(*), count(gone_at) FROM feed_entries").fetchone()
    assert counts == (3, 0)
    assert len(titles(ana)) == 3


def test_rules_apply_to_what_a_feed_brings(ana, follow, checked):
    body = {"name": "No seconds", "applies_to": "items", "phrases": ["post 2"]}
    ana.post("/api/rules", json=body | {"action": "discard"})
    tag = {"name": "Garden", "applies_to": "items", "addresses": ["example.com/posts"]}
    ana.post("/api/rules", json=tag | {"tags": ["garden"]})
    checked(follow(tags=["news"]))
    (item,) = ana.get("/api/items/pending").json["items"]
    assert (item["title"], item["tags"]) == ("Post 1", ["garden", "news"])


def test_a_feed_that_was_stopped_while_it_was_read_stays_stopped(ana, follow, check, site):
    feed = follow()

    def stopping(connection):
        ana.patch(feed, json={"action": "stop"})
        connection.send(served(rss(entry(1))))

    site.pages["/feed"] = stopping
    check()
    assert ana.get(feed).json["status"] == "stopped"
    assert titles(ana) == []


def test_feeds_of_a_workspace_that_is_being_deleted_are_not_asked_for(follow, check, site, owner):
    follow()
    owner.execute("UPDATE workspaces SET deletion_id = gen_random_uuid()")
    assert check() == 1
    assert site.requests == []
