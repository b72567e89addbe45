"""Items over HTTP."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

import pytest

from tests.blueprints.examples import Examples
from webapp.schemas.library.events import EventPage
from webapp.schemas.library.items import Item, ItemPage

EXAMPLES = Examples(
    things={
        "item_id": lambda place: place.make.item(
            {"id": place.owner.id, "workspace_id": place.workspace_id}, status="failed"
        )["id"]
    },
    bodies={"items.change": {"action": "discard"}},
    not_kept={"/api/items/check-url"},  # a check changes nothing
)

NOTE = {"source_type": "note", "raw_text": "Call Ana.\nThe fence needs new posts."}
ARTICLE = {"source_type": "article", "source_url": "https://example.com/a?b=c#d"}


def capture(client, **changes):
    answer = client.post("/api/items", json=NOTE | changes)
    assert answer.status_code == 201, answer.json
    return answer.json


def captured_as(client, make, status, **changes):
    item = capture(client, **changes)
    from tests.factories import WAYS

    for step in WAYS[status]:
        make.move(UUID(item["id"]), step)
    return f"/api/items/{item['id']}"


def suggest(make, item_url, *names):
    """Give an item suggestions; return their ids by name."""
    item_id = item_url.rpartition("/")[2]
    rows = make.conn.execute(
        "INSERT INTO suggestions (workspace_id, item_id, value, confidence)"
        " SELECT workspace_id, id, name, 0.5 FROM items, unnest(%s::text[]) AS name"
        "  WHERE id = %s RETURNING value, suggestions.id",
        (list(names), item_id),
    )
    return {name: str(suggestion_id) for name, suggestion_id in rows}


def timeline(client, item_url):
    return [event["event"] for event in client.get(f"{item_url}/events").json["items"]]


class TestCapture:
    def test_a_note_is_enriching_and_its_work_is_queued(self, ana, owner):
        answer = ana.post("/api/items", json=NOTE)
        assert answer.status_code == 201
        assert answer.json["status"] == "enriching"
        assert answer.json["title"] is None
        assert answer.headers["Location"] == f"/api/items/{answer.json['id']}"
        queued = owner.execute("SELECT kind, subject_id, request_id FROM outbox").fetchall()
        assert queued == [("enrich_items", UUID(answer.json["id"]), answer.headers["X-Request-Id"])]

    @pytest.mark.parametrize(
        "given", [NOTE, ARTICLE, NOTE | ARTICLE, ARTICLE | {"tags": ["oak", "A"]}]
    )
    def test_an_answer_is_what_the_schema_documents(self, ana, given):
        answer = ana.post("/api/items", json=given)
        assert answer.status_code == 201
        assert Item().load(answer.json)
        assert ana.get(answer.headers["Location"]).json == answer.json

    def test_times_are_utc_with_z(self, ana):
        item = capture(ana)
        assert item["created_at"].endswith("Z")
        assert datetime.fromisoformat(item["created_at"]).utcoffset().total_seconds() == 0

    def test_without_enrichment_it_is_confirmed_at_once(self, ana, owner):
        item = capture(ana, enrich=False)
        assert item["status"] == "confirmed"
        assert item["title"] == "Call Ana."
        assert item["confirmed_at"] == item["created_at"]
        assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)

    @pytest.mark.parametrize(
        ("given", "title"),
        [
            ({"raw_text": "\n \n  first  \nsecond"}, "first"),
            ({"raw_text": "x" * 61}, "x" * 60),
            ({"raw_text": "x" * 59 + " y"}, "x" * 59),
            ({"raw_text": "one", "title": "  given  "}, "given"),
            ({"raw_text": None, "source_url": "https://example.com/"}, "https://example.com/"),
        ],
    )
    def test_the_title_without_enrichment_is_the_first_line(self, ana, given, title):
        item = {"source_type": "note", "enrich": False} | given
        sent = {name: value for name, value in item.items() if value is not None}
        assert ana.post("/api/items", json=sent).json["title"] == title

    def test_tags_are_made_once_whatever_their_case(self, ana):
        assert capture(ana, tags=["Garden", "oak"])["tags"] == ["Garden", "oak"]
        assert capture(ana, tags=["GARDEN", "garden", " Pine "])["tags"] == ["Garden", "Pine"]
        assert capture(ana, tags=["Äpfel", "äPFEL"])["tags"] == ["Äpfel"]

    def test_ten_thousand_characters_are_taken_and_one_more_is_not(self, ana):
        assert capture(ana, raw_text="ä" * 10_000)["raw_text"] == "ä" * 10_000
        answer = ana.post("/api/items", json=NOTE | {"raw_text": "ä" * 10_001})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json["errors"]] == ["raw_text"]


class TestReview:
    @pytest.mark.long
    def test_pending_lists_what_waits_newest_first(self, ana, make):
        urls = {
            status: captured_as(ana, make, status)
            for status in ("enriching", "ready_to_confirm", "failed", "confirmed", "discarded")
        }
        answer = ana.get("/api/items/pending")
        assert ItemPage().load(answer.json)
        assert [item["status"] for item in answer.json["items"]] == [
            *("failed", "ready_to_confirm", "enriching")
        ]
        assert [f"/api/items/{item['id']}" for item in answer.json["items"]] == [
            urls[item["status"]] for item in answer.json["items"]
        ]
        assert answer.json["total"] == 3

    @pytest.mark.long
    def test_pages_follow_each_other_without_gap_or_repeat(self, ana):
        made = [capture(ana, raw_text=f"note {number}")["id"] for number in range(7)]
        seen, cursor = [], None
        for _ in range(3):
            query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = ana.get("/api/items/pending", query_string=query).json
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert seen == made[::-1]
        assert cursor is None

    def test_a_full_last_page_has_no_next(self, ana):
        for _ in range(2):
            capture(ana)
        assert ana.get("/api/items/pending?limit=2").json["next_cursor"] is None

    @pytest.mark.parametrize("cursor", ["x", "!!!", "MTI", "é", "a" * 150])
    def test_a_cursor_that_is_not_ours_is_400(self, ana, cursor):
        answer = ana.get("/api/items/pending", query_string={"cursor": cursor})
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")

    @pytest.mark.parametrize("limit", ["0", "101", "x", "-1", "1.5"])
    def test_a_limit_out_of_bounds_names_the_field(self, ana, limit):
        answer = ana.get("/api/items/pending", query_string={"limit": limit})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "limit"

    def test_a_misspelt_parameter_is_named(self, ana):
        answer = ana.get("/api/items/pending?curser=x")
        assert answer.status_code == 422
        assert answer.json["errors"] == [{"field": "curser", "message": "Unknown field."}]

    def test_confirming(self, ana, make):
        url = captured_as(ana, make, "ready_to_confirm")
        answer = ana.patch(url, json={"action": "confirm", "title": "Fence"})
        assert answer.status_code == 200
        assert (answer.json["status"], answer.json["title"]) == ("confirmed", "Fence")
        assert answer.json["confirmed_at"] is not None
        assert timeline(ana, url)[-2:] == ["item.confirmed", "item.edited"]

    @pytest.mark.parametrize(
        ("status", "action", "allowed"),
        [
            ("enriching", "confirm", ["discard"]),
            ("confirmed", "confirm", ["discard"]),
            ("discarded", "confirm", []),
            ("discarded", "discard", []),
        ],
    )
    def test_an_action_that_the_status_forbids_is_409(self, ana, make, status, action, allowed):
        url = captured_as(ana, make, status)
        answer = ana.patch(url, json={"action": action, "title": "never kept"})
        assert (answer.status_code, answer.json["code"]) == (409, "invalid_state_transition")
        assert answer.json["current_status"] == status
        assert answer.json["allowed_actions"] == allowed
        assert ana.get(url).json["title"] != "never kept"

    @pytest.mark.long
    def test_a_failed_item_is_kept_with_what_was_given_and_with_the_reason(self, ana, make, owner):
        url = captured_as(ana, make, "failed", tags=["paper"])
        owner.execute("UPDATE items SET error = 'Signing in is required.'")
        item = ana.patch(url, json={"action": "confirm"}).json
        assert (item["status"], item["tags"]) == ("confirmed", ["paper"])
        assert (item["title"], item["error"]) == ("Call Ana.", "Signing in is required.")
        assert item["confirmed_at"] is not None
        (listed,) = ana.get("/api/library?q=call").json["items"]
        assert (listed["title"], listed["error"]) == ("Call Ana.", "Signing in is required.")
        assert timeline(ana, url)[-1] == "item.confirmed"
        assert ana.patch(url, json={"title": "Mine"}).json["title"] == "Mine"

    @pytest.mark.long
    @pytest.mark.parametrize(
        "waited", ["enqueued_at = now() - interval '11 s'", "last_error = 'Too slow.'"]
    )
    def test_an_item_whose_enrichment_takes_long_is_confirmed_and_the_work_goes_on(
        self, ana, owner, waited
    ):
        given = ARTICLE | {"source_url": "https://example.com/" + "a" * 60}
        url = f"/api/items/{ana.post('/api/items', json=given).json['id']}"
        owner.execute(f"UPDATE outbox SET {waited}")
        reason = owner.execute("SELECT last_error FROM outbox").fetchone()[0]
        assert ana.get(url).json["error"] == reason
        item = ana.patch(url, json={"action": "confirm"}).json
        assert (item["status"], item["error"]) == ("confirmed", reason)
        assert item["title"] == given["source_url"][:60]
        assert owner.execute("SELECT kind FROM outbox").fetchall() == [("enrich_items",)]

    @pytest.mark.parametrize("status", ["enriching", "ready_to_confirm", "failed", "confirmed"])
    def test_discarding(self, ana, make, status):
        url = captured_as(ana, make, status)
        assert ana.patch(url, json={"action": "discard"}).json["status"] == "discarded"

    def test_a_discarded_item_is_not_edited(self, ana, make):
        url = captured_as(ana, make, "discarded")
        answer = ana.patch(url, json={"title": "x"})
        assert (answer.status_code, answer.json["code"]) == (409, "invalid_state_transition")

    @pytest.mark.long
    def test_an_edit_leaves_the_rest_alone(self, ana, make):
        url = captured_as(ana, make, "ready_to_confirm")
        ana.patch(url, json={"title": "T", "summary": "S"})
        answer = ana.patch(url, json={"title": "U"})
        assert (answer.json["title"], answer.json["summary"]) == ("U", "S")
        assert answer.json["status"] == "ready_to_confirm"
        assert ana.patch(url, json={"summary": ""}).json["summary"] is None

    @pytest.mark.long
    def test_an_edit_is_in_the_timeline_and_nothing_is_no_edit(self, ana, make):
        url = captured_as(ana, make, "ready_to_confirm")
        before = ana.get(url).json
        assert ana.patch(url, json={}).json == before
        ana.patch(url, json={"summary": "", "add_tags": ["a"]})
        events = ana.get(f"{url}/events").json["items"]
        assert [event["event"] for event in events][2:] == ["item.edited"]
        assert events[-1]["payload"] == {"fields": ["add_tags", "summary"]}

    def test_tags_are_added_and_removed_whatever_their_case(self, ana):
        url = f"/api/items/{capture(ana, tags=['a', 'b'])['id']}"
        answer = ana.patch(url, json={"add_tags": ["A", "c"], "remove_tags": ["B", "unknown"]})
        assert answer.json["tags"] == ["a", "c"]

    def test_accepting_a_suggestion_attaches_its_tag(self, ana, make):
        url = captured_as(ana, make, "ready_to_confirm")
        ids = suggest(make, url, "garden", "oak", "pine")
        answer = ana.patch(
            url,
            json={
                "action": "confirm",
                "accepted_suggestion_ids": [ids["garden"]],
                "rejected_suggestion_ids": [ids["oak"]],
            },
        )
        assert answer.json["tags"] == ["garden"]
        statuses = {each["name"]: each["status"] for each in answer.json["suggestions"]}
        assert statuses == {"garden": "accepted", "oak": "rejected", "pine": "pending"}

    @pytest.mark.long
    @pytest.mark.parametrize("field", ["accepted_suggestion_ids", "rejected_suggestion_ids"])
    def test_a_suggestion_of_another_item_changes_nothing(self, ana, make, field):
        url, other = (captured_as(ana, make, "ready_to_confirm") for _ in range(2))
        mine = suggest(make, url, "garden")["garden"]
        foreign = suggest(make, other, "oak")["oak"]
        answer = ana.patch(url, json={"action": "confirm", field: [mine, foreign]})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == field
        item = ana.get(url).json
        assert item["status"] == "ready_to_confirm"
        assert item["suggestions"][0]["status"] == "pending"

    def test_a_suggestion_is_not_accepted_and_rejected_at_once(self, ana, make):
        url = captured_as(ana, make, "ready_to_confirm")
        ids = [suggest(make, url, "garden")["garden"]]
        answer = ana.patch(
            url, json={"accepted_suggestion_ids": ids, "rejected_suggestion_ids": ids}
        )
        assert answer.status_code == 422


class TestRetry:
    @pytest.mark.long
    def test_a_failed_item_is_enriched_again(self, ana, make, owner):
        url = captured_as(ana, make, "failed")
        owner.execute("DELETE FROM outbox")
        owner.execute("UPDATE items SET error = 'gone'")
        answer = ana.post(f"{url}/retry")
        assert answer.status_code == 200
        assert (answer.json["status"], answer.json["error"]) == ("enriching", None)
        assert owner.execute("SELECT kind FROM outbox").fetchall() == [("enrich_items",)]

    @pytest.mark.long
    def test_a_confirmed_item_that_was_not_read_is_enriched_again_and_stays(self, ana, make, owner):
        url = captured_as(ana, make, "failed")
        owner.execute("UPDATE items SET error = 'gone'")
        owner.execute(
            "WITH dead AS (DELETE FROM outbox RETURNING *)"
            " INSERT INTO dead_letters"
            " (kind, subject_id, workspace_id, payload, attempts, error, enqueued_at)"
            " SELECT kind, subject_id, workspace_id, payload, 3, 'gone', enqueued_at FROM dead"
        )
        ana.patch(url, json={"action": "confirm"})
        for _ in range(2):  # again while it is queued
            answer = ana.post(f"{url}/retry")
            assert answer.status_code == 200
            assert (answer.json["status"], answer.json["error"]) == ("confirmed", "gone")
        assert owner.execute("SELECT kind, attempts FROM outbox").fetchall() == [
            ("enrich_items", 0)
        ]
        assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)
        assert timeline(ana, url)[-2:] == ["item.retried", "item.retried"]

    @pytest.mark.parametrize("status", ["enriching", "ready_to_confirm", "confirmed", "discarded"])
    def test_any_other_item_gives_400(self, ana, make, status):
        answer = ana.post(f"{captured_as(ana, make, status)}/retry")
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_state")
        assert answer.json["current_status"] == status


class TestTimeline:
    def test_each_step_carries_the_request_that_made_it(self, ana):
        captured = ana.post("/api/items", json=NOTE, headers={"X-Request-Id": "first"})
        url = captured.headers["Location"]
        ana.patch(url, json={"action": "discard"}, headers={"X-Request-Id": "second"})
        answer = ana.get(f"{url}/events")
        assert EventPage().load(answer.json)
        steps = [(e["event"], e["request_id"], e["actor"][:5]) for e in answer.json["items"]]
        assert steps == [("item.created", "first", "user:"), ("item.discarded", "second", "user:")]

    def test_it_is_read_page_by_page(self, ana, make):
        url = captured_as(ana, make, "confirmed")
        first = ana.get(f"{url}/events?limit=2").json
        second = ana.get(
            f"{url}/events", query_string={"limit": 2, "cursor": first["next_cursor"]}
        ).json
        steps = [event["to_status"] for event in first["items"] + second["items"]]
        assert steps == ["enriching", "ready_to_confirm", "confirmed"]
        assert second["next_cursor"] is None

    @pytest.mark.parametrize("cursor", ["OTk5OTk5OTk5OTk5OTk5OTk5OTk", "LTE", "YQ"])
    def test_a_cursor_that_is_no_number_of_ours_is_400(self, ana, make, cursor):
        url = captured_as(ana, make, "enriching")
        answer = ana.get(f"{url}/events", query_string={"cursor": cursor})
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")


class TestStrangers:
    @pytest.mark.long
    def test_anothers_item_is_as_if_it_were_not_there(self, ana, sign_in, make):
        url = captured_as(ana, make, "ready_to_confirm")
        unknown = f"/api/items/{uuid.uuid4()}"
        bob = sign_in("bob")

        def told(answer):
            return answer.status_code, {**answer.json, "requestId": None}

        for method, path, body in [
            ("get", "", None),
            ("get", "/events", None),
            ("patch", "", {"action": "confirm"}),
            ("patch", "", {"accepted_suggestion_ids": [str(uuid.uuid4())]}),
            ("post", "/retry", None),
        ]:
            there = bob.open(url + path, method=method, json=body)
            nowhere = bob.open(unknown + path, method=method, json=body)
            assert there.status_code == 404
            assert told(there) == told(nowhere)
        assert ana.get(url).json["status"] == "ready_to_confirm"
        assert bob.get("/api/items/pending").json == {"items": [], "next_cursor": None, "total": 0}

    def test_users_may_have_tags_of_the_same_name(self, ana, sign_in):
        capture(ana, tags=["garden"])
        assert capture(sign_in("bob"), tags=["Garden"])["tags"] == ["Garden"]


# Items from documents


@pytest.mark.long
def test_an_item_from_a_document_says_what_the_document_is_and_is_found_by_it(people, owner):
    def document(person):
        answer = person.client.post("/api/documents?name=a.txt", data=b"Order the posts.")
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    olga, max_ = people.person("olga"), people.person("max")
    mine, foreign = document(olga), document(max_)
    owner.execute(
        "UPDATE documents SET title = 'Posts', summary = 'An order.' WHERE id = %s", (mine,)
    )
    for more in ({}, {"raw_text": "Mine"}):
        answer = olga.client.post(
            "/api/items", json={"source_type": "note", "document_id": foreign, **more}
        )
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json["errors"]] == ["document_id"]
    plain = {"source_type": "note", "document_id": mine}
    noted = olga.client.post("/api/items", json=plain | {"enrich": False}).json
    assert (noted["raw_text"], noted["title"]) == ("Posts\n\nAn order.", "Posts")
    pending = olga.client.post("/api/items", json=plain | {"raw_text": "Ask Ana."}).json
    assert pending["raw_text"] == "Ask Ana."
    capture(olga.client)
    olga.client.post("/api/me/tasks", json={"title": "Order", "document_id": mine})
    olga.client.post("/api/me/tasks", json={"title": "Another"})

    def listed(person, path):
        return [
            each["id"] for each in person.client.get(f"{path}?document_id={mine}").json["items"]
        ]

    assert listed(olga, "/api/library") == [noted["id"]]
    assert listed(olga, "/api/items/pending") == [pending["id"]]
    assert olga.client.get(f"/api/items/pending?document_id={mine}").json["total"] == 1
    assert len(listed(olga, "/api/me/tasks")) == 1
    for path in ("/api/library", "/api/items/pending", "/api/me/tasks"):
        assert listed(max_, path) == []
    olga.client.post(f"/api/documents/{mine}/discard")
    assert olga.client.delete(f"/api/documents/{mine}").status_code == 204
    assert olga.client.get(f"/api/items/{noted['id']}").json["document_id"] is None


def test_what_nobody_sees_is_no_text(olga):
    note = {"source_type": "note", "raw_text": "x", "enrich": False}
    text = " \u200b\u00ad\u2800\n"
    for path, body, field in (
        ("/api/items", note | {"raw_text": text}, "raw_text"),
        ("/api/items", note | {"title": text}, "title"),
        ("/api/items", note | {"tags": [text]}, "tags.0"),
        ("/api/me/tasks", {"title": text}, "title"),
    ):
        answer = olga.client.post(path, json=body)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == field
