"""A tag that two make at once, for one thing: whoever changes something makes the tags first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blueprints.library.test_items import ARTICLE, capture, suggest
from tests.clients.site import Site
from tests.clients.web.feeds import entry, rss, served
from tests.databases import waiting
from tests.processes import eventually
from workers.check_feeds import check_feeds

TAG = "brand-new"


@pytest.fixture
def in_turn(database, owner):
    """Sends calls that all come to a row of a table that somebody holds, each when the one before
    waits, then lets go of the row; gives the results."""

    def in_turn(table, *calls):
        with ThreadPoolExecutor(len(calls)) as threads, database.connect() as somebody:
            somebody.execute("BEGIN")
            somebody.execute(f"SELECT FROM {table} FOR NO KEY UPDATE")
            sent = []
            for call in calls:
                sent.append(threads.submit(call))
                eventually(lambda: waiting(owner) == len(sent))
            somebody.execute("COMMIT")
            return [each.result() for each in sent]

    return in_turn


def edit(client, item, _, **headers):
    return client.patch(item, json={"add_tags": [TAG]}, headers=headers)


def edit_what_was_seen(client, item, make):
    return edit(client, item, make, **{"If-Match": client.get(item).headers["ETag"]})


def change_several(client, item, _):
    body = {"ids": [item.rpartition("/")[2]], "add_tags": [TAG]}
    return client.post("/api/items/bulk", json=body)


def capture_again(client, *_):
    return client.post("/api/items", json=ARTICLE | {"tags": [TAG]})


def accept(client, item, make):
    (suggestion,) = suggest(make, item, TAG).values()
    return client.patch(item, json={"accepted_suggestion_ids": [suggestion]})


@pytest.mark.parametrize(
    "way",
    [edit, edit_what_was_seen, change_several, capture_again, accept],
    ids=lambda way: way.__name__,
)
def test_a_rule_and_somebody_make_a_tag_for_an_item(way, olga, make, in_turn):
    item = f"/api/items/{capture(olga.client, **ARTICLE)['id']}"
    body = {"name": "All", "applies_to": "items", "addresses": ["example.com"], "tags": [TAG]}
    rule = olga.client.post("/api/rules", json=body).json["id"]
    answers = in_turn(
        "items",
        lambda: way(olga.client, item, make),
        lambda: olga.client.post(f"/api/rules/{rule}/items/apply"),
    )
    assert [each.status_code for each in answers] == [200, 200], answers[0].json
    assert olga.client.get(item).json["tags"] == [TAG]


def edit_document(client, document):
    seen = client.get(document).headers["ETag"]
    return client.patch(document, json={"add_tags": [TAG]}, headers={"If-Match": seen})


def change_several_documents(client, document):
    body = {"ids": [document.rpartition("/")[2]], "add_tags": [TAG]}
    return client.post("/api/documents/bulk", json=body)


@pytest.mark.parametrize(
    "way", [edit_document, change_several_documents], ids=lambda way: way.__name__
)
def test_a_review_and_an_edit_make_a_tag_for_a_document(way, olga, upload, owner, in_turn):
    document = f"/api/documents/{upload(olga.client).json['id']}"
    (suggestion,) = owner.execute(
        "INSERT INTO suggestions (workspace_id, document_id, field, value, confidence)"
        " SELECT workspace_id, id, 'tag', %s, 0.5 FROM documents RETURNING id",
        [TAG],
    ).fetchone()
    answers = in_turn(
        "documents",
        lambda: way(olga.client, document),
        lambda: olga.client.post("/api/review/accept", json={"ids": [str(suggestion)]}),
    )
    assert [each.status_code for each in answers] == [200, 200], answers[0].json
    assert olga.client.get(document).json["tags"] == [TAG]


@pytest.mark.long
def test_a_feed_makes_its_tags_when_it_has_its_pages(olga, worker, owner, database):
    """A capture holds a page before its tags, so a feed that held a tag while it waits for others
    would wait for the page in a circle."""
    with Site() as site, ThreadPoolExecutor(2) as threads, database.connect() as somebody:
        site.pages["/feed"] = served(rss(entry(1)))
        feed = {"url": site.url("/feed"), "tags": [TAG]}
        assert olga.client.post("/api/feeds", json=feed).status_code == 201
        checking = worker(check_feeds)
        page = {"source_type": "article", "source_url": site.url("/posts/1"), "tags": [TAG]}
        somebody.execute("BEGIN")
        somebody.execute("SELECT FROM feeds FOR NO KEY UPDATE")
        threads.submit(checking.round)
        eventually(lambda: waiting(owner) == 1)
        captured = threads.submit(olga.client.post, "/api/items", json=page)
        eventually(lambda: captured.done() or waiting(owner) == 2)
        assert captured.done()
        somebody.execute("COMMIT")
    assert captured.result().status_code == 201


def test_a_bulk_change_of_nothing_leaves_no_tag(olga, make):
    strange = make.item(make.user())
    answer = change_several(olga.client, f"/api/items/{strange['id']}", None)
    assert [each["result"] for each in answer.json["items"]] == ["not_found"]
    assert olga.client.get("/api/tags").json["items"] == []
