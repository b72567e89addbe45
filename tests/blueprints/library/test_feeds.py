"""Feeds over HTTP."""

from __future__ import annotations

import uuid

import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.blueprints.library.feeds import MOST_FEEDS
from webapp.schemas.library.feeds import Feed, FeedPage

FEEDS = "/api/feeds"
NEWS = {"url": "https://example.com/feed.xml"}


def feed_in(place):
    return queries.feeds.create(
        place.make.conn,
        workspace_id=place.workspace_id,
        created_by=place.owner.id,
        url=f"https://example.com/{uuid.uuid4()}.xml",  # a workspace follows an address once
        name=None,
        folder_id=None,
        tags=[],
        interval_minutes=60,
        most=MOST_FEEDS,
    )


EXAMPLES = Examples(
    things={"feed_id": feed_in},
    bodies={"feeds.create": NEWS, "feeds.change": {"name": "x"}},
)


def test_a_feed_is_followed_changed_listed_and_removed(ana, owner):
    folder = ana.post("/api/folders", json={"name": "News"}).json["id"]
    given = {"name": "News", "folder_id": folder, "tags": ["news"], "interval_minutes": 30}
    made = ana.post(FEEDS, json=NEWS | given)
    assert made.status_code == 201, made.json
    feed, path = made.json, made.headers["Location"]
    assert Feed().load(feed)
    assert {name: feed[name] for name in given} == given
    assert (feed["status"], feed["checked_at"], feed["title"]) == ("active", None, None)
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("check_feeds",)]
    assert ana.get(path).json == feed
    changed = ana.patch(path, json={"name": None, "folder_id": None, "tags": []}).json
    assert (changed["name"], changed["folder_id"], changed["tags"]) == (None, None, [])
    page = ana.get(FEEDS).json
    assert FeedPage().load(page)
    assert page["items"] == [changed]
    assert ana.get(f"{FEEDS}?status=stopped").json["items"] == []
    assert ana.delete(path).status_code == 204
    assert ana.get(path).status_code == 404


@pytest.mark.long
def test_a_feed_is_stopped_and_resumed(ana, owner):
    path = ana.post(FEEDS, json=NEWS).headers["Location"]
    stopped = ana.patch(path, json={"action": "stop"}).json
    assert (stopped["status"], stopped["next_check_at"]) == ("stopped", None)
    assert ana.patch(path, json={"interval_minutes": 15}).json["next_check_at"] is None
    assert_problem(ana.post(f"{path}/check"), 409, "feed_stopped")
    assert_problem(ana.patch(path, json={"action": "stop"}), 409, "invalid_state_transition")
    owner.execute("DELETE FROM outbox")
    resumed = ana.patch(path, json={"action": "resume"}).json
    assert (resumed["status"], resumed["last_error"]) == ("active", None)
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("check_feeds",)]
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["feed.created", "feed.stopped", "feed.resumed"]


@pytest.mark.long
def test_a_check_that_is_asked_for_is_queued_at_once(ana, owner):
    path = ana.post(FEEDS, json=NEWS).headers["Location"]
    owner.execute("UPDATE outbox SET run_after = now() + interval '1 day'")
    assert ana.post(f"{path}/check").status_code == 202
    assert owner.execute("SELECT run_after <= now() FROM outbox").fetchall() == [(True,)]
    owner.execute("DELETE FROM outbox")
    assert ana.post(f"{path}/check").status_code == 202
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


@pytest.mark.long
def test_a_shorter_interval_counts_from_now(ana, owner):
    path = ana.post(FEEDS, json=NEWS).headers["Location"]
    owner.execute("UPDATE feeds SET next_check_at = now() + interval '50 minutes'")
    for minutes, waits in ((120, 50), (30, 30)):
        ana.patch(path, json={"interval_minutes": minutes})
        left = owner.execute(
            "SELECT round(extract(epoch FROM next_check_at - now()) / 60)::int FROM feeds"
        )
        assert left.fetchone() == (waits,)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"url": "ftp://example.com/"}, ["url"]),
        ({"url": "https://me:secret@example.com/"}, ["url"]),
        ({"interval_minutes": 14}, ["interval_minutes"]),
        ({"interval_minutes": 43_201}, ["interval_minutes"]),
        ({"tags": ["x"] * 21}, ["tags"]),
        ({"folder_id": NOWHERE}, ["folder_id"]),
        ({"name": "n" * 201}, ["name"]),
    ],
    ids=str,
)
def test_a_feed_that_makes_no_sense_is_refused(ana, given, fields):
    assert_problem(ana.post(FEEDS, json=NEWS | given), 422, "invalid_input", *fields)


def test_a_feed_is_followed_once(ana):
    ana.post(FEEDS, json=NEWS)
    same = {"url": "HTTPS://EXAMPLE.com:443/feed.xml#top"}
    assert_problem(ana.post(FEEDS, json=same), 409, "feed_exists")


@pytest.mark.long
def test_the_number_of_feeds_is_limited(ana, owner):
    ana.post(FEEDS, json=NEWS)
    owner.execute(
        "INSERT INTO feeds (workspace_id, created_by, url, interval_minutes)"
        " SELECT workspace_id, created_by, 'https://example.com/' || number, 60"
        "   FROM feeds, generate_series(2, %s) AS number",
        (MOST_FEEDS,),
    )
    answer = ana.post(FEEDS, json={"url": "https://example.com/another"})
    assert_problem(answer, 409, "too_many_feeds")


@pytest.mark.long
def test_a_feed_whose_folder_is_deleted_stays(ana):
    folder = ana.post("/api/folders", json={"name": "News"}).json["id"]
    path = ana.post(FEEDS, json=NEWS | {"folder_id": folder}).headers["Location"]
    ana.delete(f"/api/folders/{folder}")
    assert ana.get(path).json["folder_id"] is None
