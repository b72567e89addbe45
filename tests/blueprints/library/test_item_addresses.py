"""Another address for a link, and what an item allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tests.blueprints.test_bad_input import assert_problem
from webapp.rules.same_page import page_hash

A, B = "https://example.com/a", "https://example.com/b"


def link(person, url=A, **more):
    body = {"source_type": "article", "source_url": url, "enrich": False} | more
    answer = person.client.post("/api/items", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def change(person, item, **changes):
    return person.client.patch(f"/api/items/{item['id']}", json=changes)


def shown(person, item):
    return person.client.get(f"/api/items/{item['id']}").json


def timeline(person, item):
    return person.client.get(f"/api/items/{item['id']}/events").json["items"]


def queued(owner):
    rows = owner.execute("SELECT kind, subject_id::text FROM outbox ORDER BY kind")
    return rows.fetchall()


def duplicate_of(person, url):
    checked = person.client.post("/api/items/check-url", json={"source_url": url})
    return checked.json["duplicate_of"]


@pytest.mark.long
def test_a_link_gets_another_address_and_the_former_one_is_in_the_timeline(olga, owner):
    item = link(olga, title="Mine", tags=["x"])
    owner.execute("UPDATE items SET content = 'Old text', error = 'It was slow.'")
    answer = change(olga, item, source_url="https://EXAMPLE.com/b?utm_source=x")
    assert answer.status_code == 200
    found = answer.json
    assert (found["source_url"], found["status"]) == (
        "https://EXAMPLE.com/b?utm_source=x",
        "confirmed",
    )
    assert (found["title"], found["content"], found["error"]) == ("Mine", "Old text", None)
    steps = timeline(olga, item)
    assert [each["event"] for each in steps][-2:] == ["item.edited", "item.refetched"]
    assert steps[-2]["payload"] == {"fields": ["source_url"], "replaced": {"source_url": A}}
    assert queued(owner) == [("enrich_items", item["id"])]
    assert (duplicate_of(olga, A), duplicate_of(olga, B)) == (None, item["id"])
    results = olga.client.get("/api/search", query_string={"q": "site:example.com b"})
    assert [each["id"] for each in results.json["items"]] == [item["id"]]


@pytest.mark.parametrize("status", ["enriching", "ready_to_confirm", "failed"])
@pytest.mark.long
def test_what_awaits_its_owner_is_enriched_again_from_the_other_page(olga, make, owner, status):
    item = link(olga, enrich=True)
    if status != "enriching":
        owner.execute("DELETE FROM outbox")
        make.move(UUID(item["id"]), status)
    assert change(olga, item, source_url=B).json["status"] == "enriching"
    assert queued(owner) == [("enrich_items", item["id"])]
    confirmed = change(olga, item, source_url=A, action="discard")
    assert_problem(confirmed, 409, "invalid_state_transition")


@pytest.mark.long
def test_a_page_that_another_item_has_is_refused_unless_both_may_have_it(olga, owner):
    item, other = link(olga), link(olga, B)
    refused = change(olga, item, source_url=f"{B}#part", title="Never kept")
    assert_problem(refused, 409, "page_exists")
    assert refused.json["duplicate_of"] == other["id"]
    assert shown(olga, item)["title"] == A
    found = change(olga, item, source_url=B, allow_duplicate=True).json
    assert (found["source_url"], found["title"]) == (B, B)
    assert timeline(olga, item)[-2]["payload"]["fields"] == ["source_url"]


def test_another_spelling_of_the_same_page_is_taken_and_not_fetched(olga, owner):
    item = link(olga)
    found = change(olga, item, source_url="HTTPS://example.com:443/a#top").json
    assert (found["source_url"], found["status"]) == ("HTTPS://example.com:443/a#top", "confirmed")
    assert queued(owner) == []
    assert timeline(olga, item)[-1]["payload"]["replaced"] == {"source_url": A}


@pytest.mark.long
def test_what_led_to_the_former_page_is_forgotten(olga, owner):
    older, newer = link(olga), link(olga, B)
    for item_id, url in ((older["id"], "https://example.com/c"), (newer["id"], A)):
        owner.execute(
            "INSERT INTO item_addresses (workspace_id, item_id, page_hash, url, found_by)"
            " VALUES (%s, %s, %s, %s, 'redirect')",
            (olga.workspace_id, item_id, page_hash(url), url),
        )
    owner.execute("UPDATE items SET same_page_as = %s WHERE id = %s", (older["id"], newer["id"]))
    found = change(olga, older, source_url="https://example.com/elsewhere").json
    assert found["page_url"] is None
    assert shown(olga, newer)["same_page_as"] is None
    assert duplicate_of(olga, "https://example.com/c") is None
    assert duplicate_of(olga, A) == newer["id"]


@pytest.mark.parametrize(
    ("new", "url", "fields"),
    [
        ({"source_type": "note", "raw_text": "x"}, B, ["source_url"]),
        ({"source_type": "article", "source_url": A}, None, ["source_url"]),
        ({"source_type": "article", "source_url": A}, "", ["source_url"]),
        ({"source_type": "article", "source_url": A}, "ftp://example.com/", ["source_url"]),
        ({"source_type": "article", "source_url": A}, f"{A}{'x' * 2048}", ["source_url"]),
    ],
    ids=range(5),
)
def test_what_can_have_no_such_address_is_422(olga, new, url, fields):
    item = olga.client.post("/api/items", json=new | {"enrich": False}).json
    assert_problem(change(olga, item, source_url=url), 422, "invalid_input", *fields)


@pytest.mark.long
def test_a_note_with_an_address_and_an_article_without_one_take_another(olga, owner):
    note = link(olga, source_type="note", raw_text="About it")
    assert change(olga, note, source_url=B).json["source_url"] == B
    assert queued(owner) == []
    article = link(olga, None, raw_text="Typed in")
    assert change(olga, article, source_url=A).json["source_url"] == A
    assert queued(owner) == [("enrich_items", article["id"])]


@pytest.mark.long
def test_of_ten_items_that_want_a_page_at_once_one_gets_it(app, olga):
    items = [link(olga, f"{A}{number}") for number in range(10)]
    authorization = {"Authorization": olga.client.environ_base["HTTP_AUTHORIZATION"]}

    def move(item):
        path = f"/api/items/{item['id']}"
        return app.test_client().patch(path, json={"source_url": B}, headers=authorization)

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(move, items))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9


@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "error", "allowed"),
    [
        ("enriching", None, ["discard", "fetch"]),
        ("ready_to_confirm", None, ["confirm", "discard", "fetch"]),
        ("failed", "Gone.", ["confirm", "discard", "fetch", "retry"]),
        ("confirmed", None, ["discard", "fetch"]),
        ("confirmed", "Gone.", ["discard", "fetch", "retry"]),
        ("discarded", None, []),
    ],
)
def test_a_refusal_lists_what_works_and_nothing_else(olga, make, owner, status, error, allowed):
    mine = {"id": olga.id, "workspace_id": olga.workspace_id}
    address = {"source_url": A, "page_hash": page_hash(A), "source_type": "article"}
    works = set()
    for action in ("confirm", "discard", "fetch", "retry"):
        path = f"/api/items/{make.item(mine, status=status, **address)['id']}"
        owner.execute("UPDATE items SET error = %s", (error,))
        if action in ("confirm", "discard"):
            answer = olga.client.patch(path, json={"action": action})
        else:
            answer = olga.client.post(f"{path}/{action}")
        if answer.status_code == 200:
            works.add(action)
        else:
            expected = 400 if action == "retry" else 409
            assert (answer.status_code, answer.json["allowed_actions"]) == (expected, allowed)
    assert sorted(works) == allowed


def test_a_note_has_no_page_to_read_again(olga):
    body = {"source_type": "note", "raw_text": "x", "enrich": False}
    item = olga.client.post("/api/items", json=body).json
    answer = olga.client.post(f"/api/items/{item['id']}/fetch")
    assert_problem(answer, 409, "invalid_state_transition")
    assert answer.json["allowed_actions"] == ["discard"]
