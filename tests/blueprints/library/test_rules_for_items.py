"""What rules do with items: when they arrive, when they are enriched, and on request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blueprints.test_bad_input import assert_problem
from tests.databases import waiting
from tests.processes import eventually
from tests.workers.imports import BOOKMARKS, bookmarks, upload
from webapp.schemas.library.rules import RuledItemPage
from workers import read_imports as reading
from workers.add_imports import add_imports
from workers.enrich_items import enrich_items

RULES = "/api/rules"
TEXT = (
    "The oak posts for the garden fence have to be ordered before Friday. The carpenter needs the"
    " measurements of the gate. The old fence comes down in the first week of March, and the oak"
    " posts are set in concrete the week after.\n\nAna knows somebody with a small digger."
)
NOTE = {"source_type": "note", "raw_text": TEXT}


@pytest.fixture
def rule(ana):
    """Makes a rule for items."""

    def make(**given):
        body = {"name": "Oak", "applies_to": "items"} | given
        answer = ana.post(RULES, json=body)
        assert answer.status_code == 201, answer.json
        return answer.json

    return make


@pytest.fixture
def capture(ana):
    def capture(**given):
        answer = ana.post("/api/items", json=NOTE | given)
        assert answer.status_code == 201, answer.json
        return answer.json

    return capture


def applied(ana, item_id):
    """What rules did, as the item's timeline says."""
    events = ana.get(f"/api/items/{item_id}/events").json["items"]
    return [each["payload"] for each in events if each["event"] == "item.rule_applied"]


def test_an_item_that_arrives_is_tagged_and_its_timeline_says_by_which_rule(ana, rule, capture):
    made = rule(phrases=["oak post*"], tags=["garden", "Wood"])
    item = capture(tags=["wood"])
    assert item["tags"] == ["garden", "wood"]
    assert applied(ana, item["id"]) == [
        {"rule_id": made["id"], "rule": "Oak", "tags": ["garden"], "folder_id": None}
        | {"action": None}
    ]


def test_an_item_that_matches_nothing_stays_as_it_is(ana, rule, capture):
    rule(phrases=["beech"], tags=["x"])
    rule(phrases=["oak"], tags=["y"], is_active=False)
    rule(phrases=["oak"], tags=["z"], applies_to="documents")
    item = capture()
    assert item["tags"] == []
    assert applied(ana, item["id"]) == []


def test_a_rule_discards_what_arrives(ana, rule, capture, owner):
    rule(addresses=["ads.example.com"], action="discard")
    item = capture(source_url="https://ads.example.com/buy")
    assert item["status"] == "discarded"
    assert ana.get("/api/items/pending").json["items"] == []
    events = ana.get(f"/api/items/{item['id']}/events").json["items"]
    assert [each["event"] for each in events] == [
        "item.created",
        "item.rule_applied",
        "item.discarded",
    ]


@pytest.mark.long
def test_a_rule_confirms_what_was_enriched(ana, rule, capture, worker):
    rule(phrases=["oak"], action="confirm", tags=["wood"])
    item = capture()
    assert item["status"] == "enriching"
    assert item["tags"] == ["wood"]
    assert worker(enrich_items).round() == 1
    item = ana.get(f"/api/items/{item['id']}").json
    assert item["status"] == "confirmed"
    assert item["confirmed_at"] is not None
    assert item["title"]
    assert [each["action"] for each in applied(ana, item["id"])] == [None, "confirm"]


@pytest.mark.long
def test_a_rule_looks_at_what_enrichment_has_found(ana, rule, capture, worker):
    rule(phrases=["oak"], within=["summary"], tags=["wood"], action="discard")
    item = capture()
    assert item["tags"] == []
    worker(enrich_items).round()
    item = ana.get(f"/api/items/{item['id']}").json
    assert (item["status"], item["tags"]) == ("discarded", ["wood"])


@pytest.mark.long
def test_what_a_person_took_away_is_not_given_again(ana, rule, capture, worker):
    rule(phrases=["oak"], tags=["wood", "garden"])
    item = capture()
    path = f"/api/items/{item['id']}"
    ana.patch(path, json={"remove_tags": ["Wood"]})
    worker(enrich_items).round()
    assert ana.get(path).json["tags"] == ["garden"]


@pytest.mark.long
def test_a_rule_puts_an_item_into_a_folder_once(ana, rule, capture, worker):
    folder = ana.post("/api/folders", json={"name": "Wood"}).json["id"]
    rule(phrases=["oak"], folder_id=folder)
    item = capture()
    assert [each["id"] for each in item["folders"]] == [folder]
    path = f"/api/items/{item['id']}"
    assert ana.delete(f"/api/folders/{folder}/items/{item['id']}").status_code == 204
    worker(enrich_items).round()
    assert ana.get(path).json["folders"] == []
    assert [each["folder_id"] for each in applied(ana, item["id"])] == [folder]


@pytest.mark.long
def test_a_tag_that_a_person_took_before_there_was_a_rule_is_not_given_either(ana, rule, capture):
    item = capture(tags=["wood"])
    ana.patch(f"/api/items/{item['id']}", json={"remove_tags": ["wood"]})
    made = rule(phrases=["oak"], tags=["WOOD"])
    (tried,) = ana.post(f"{RULES}/{made['id']}/items/apply").json["items"]
    assert tried["matches"]
    assert tried["gives"] == {"tags": [], "folder_id": None, "action": None}
    assert ana.get(f"/api/items/{item['id']}").json["tags"] == []


@pytest.mark.long
def test_a_suggestion_that_a_person_rejected_is_not_given(ana, rule, capture, worker):
    item = capture()
    worker(enrich_items).round()
    path = f"/api/items/{item['id']}"
    suggestion = ana.get(path).json["suggestions"][0]
    ana.patch(path, json={"rejected_suggestion_ids": [suggestion["id"]]})
    made = rule(phrases=["oak"], tags=[suggestion["name"].upper(), "other"])
    ana.post(f"{RULES}/{made['id']}/items/apply")
    assert ana.get(path).json["tags"] == ["other"]


@pytest.mark.long
def test_an_item_that_a_person_takes_out_of_the_trash_is_not_decided_again(make, owner):
    item = make.item(status="discarded")
    with owner.transaction(force_rollback=True):
        owner.execute(
            "INSERT INTO transitions (entity, from_status, to_status, event)"
            " VALUES ('item', 'discarded', 'enriching', 'item.restored'),"
            "        ('item', 'discarded', 'failed', 'item.restored')"
        )
        found = []
        for actor, status in (("worker:x", "failed"), ("user:x", "enriching")):
            owner.execute("SELECT set_config('coffer.actor', %s, true)", (actor,))
            owner.execute("UPDATE items SET status = %s WHERE id = %s", (status, item["id"]))
            found.append(owner.execute("SELECT field, value FROM item_rulings").fetchall())
            owner.execute("UPDATE items SET status = 'discarded'")
    assert found == [[], [("action", "")]]


@pytest.mark.long
def test_an_item_in_the_library_is_not_discarded(ana, rule, capture):
    item = capture(enrich=False)
    made = rule(phrases=["oak"], action="discard")
    ana.post(f"{RULES}/{made['id']}/items/apply")
    assert ana.get(f"/api/items/{item['id']}").json["status"] == "confirmed"


def test_a_rule_is_tried_and_then_applied_to_what_is_there(ana, rule, capture, make):
    oak, beech, other = (capture(raw_text=text, enrich=False) for text in ("oak", "beech", "oak"))
    made = rule(phrases=["oak"], tags=["wood"])
    path = f"{RULES}/{made['id']}/items"
    tried = ana.post(f"{path}/try").json
    assert RuledItemPage().load(tried)
    found = [(each["id"], each["matches"], each["gives"]["tags"]) for each in tried["items"]]
    assert found == [
        (other["id"], True, ["wood"]),
        (beech["id"], False, []),
        (oak["id"], True, ["wood"]),
    ]
    assert ana.get(f"/api/items/{oak['id']}").json == oak
    first = ana.post(f"{path}/apply?limit=2").json
    assert [each["id"] for each in first["items"]] == [other["id"], beech["id"]]
    assert ana.get(f"/api/items/{oak['id']}").json == oak
    rest = ana.post(f"{path}/apply", query_string={"cursor": first["next_cursor"]}).json
    assert [each["id"] for each in rest["items"]] == [oak["id"]]
    assert rest["next_cursor"] is None
    assert ana.get(f"/api/items/{oak['id']}").json["tags"] == ["wood"]
    again = ana.post(f"{path}/apply").json["items"]
    assert [each["gives"]["tags"] for each in again] == [[], [], []]
    assert len(applied(ana, oak["id"])) == 1


@pytest.mark.long
def test_a_rule_for_documents_is_not_applied_to_items(ana, rule):
    made = rule(phrases=["oak"], tags=["x"], applies_to="documents")
    for what in ("try", "apply"):
        answer = ana.post(f"{RULES}/{made['id']}/items/{what}")
        assert_problem(answer, 409, "rule_for_documents")


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"tags": ["x"]}, ["phrases", "addresses", "source_types", "with_tags"]),
        ({"addresses": ["*"], "tags": ["x"]}, ["addresses.0"]),
        ({"addresses": ["a.com"] * 21, "tags": ["x"]}, ["addresses"]),
        ({"source_types": ["mail"], "tags": ["x"]}, ["source_types.0"]),
        ({"phrases": ["oak"], "action": "delete"}, ["action"]),
        ({"phrases": ["oak"], "category": "Bill"}, ["applies_to"]),
        ({"phrases": ["oak"], "action": "discard", "applies_to": "both"}, ["applies_to"]),
        ({"with_tags": ["a"], "tags": ["x"], "applies_to": "documents"}, ["applies_to"]),
        ({"phrases": ["oak"], "tags": ["x"], "applies_to": "tasks"}, ["applies_to"]),
    ],
    ids=str,
)
def test_a_rule_for_items_that_makes_no_sense_is_refused(ana, given, fields):
    body = {"name": "Oak", "applies_to": "items"} | given
    assert_problem(ana.post(RULES, json=body), 422, "invalid_input", *fields)


@pytest.mark.long
def test_a_rule_may_be_for_both_and_change_what_it_is_for(ana, rule, capture):
    made = rule(phrases=["oak"], category="Wood", tags=["wood"], applies_to="both")
    assert capture()["tags"] == ["wood"]
    change = {"applies_to": "items", "category": None, "addresses": ["example.com"]}
    changed = ana.patch(f"{RULES}/{made['id']}", json=change)
    assert changed.status_code == 200, changed.json
    assert {name: changed.json[name] for name in change} == change
    answer = ana.patch(f"{RULES}/{made['id']}", json={"applies_to": "both"})
    assert_problem(answer, 422, "invalid_input", "applies_to")


@pytest.mark.long
def test_rules_apply_to_imports(olga, worker):
    body = {"name": "Farm", "applies_to": "items", "addresses": ["example.com"], "tags": ["farm"]}
    olga.client.post(RULES, json=body)
    rows = [(f"https://example.com/{number}", f"Page {number}", "") for number in range(3)]
    upload(olga, bookmarks(*rows, ("https://example.org/", "Other", "")), BOOKMARKS)
    running = worker(reading.read_imports, add_imports)
    while running.round():
        pass
    items = olga.client.get("/api/library").json["items"]
    tags = {each["title"]: each["tags"] for each in items}
    assert tags == {f"Page {number}": ["farm"] for number in range(3)} | {"Other": []}
    assert len(applied(olga.client, items[0]["id"])) <= 1


@pytest.mark.long
def test_captures_that_make_the_same_tags_never_wait_in_a_circle(olga, owner, database):
    """The tag of one's own is what a rule gives to the other. Both are held up at a rule's folder:
    a deadlock, if each had made its own tag by then, and made the rule's only afterwards."""
    folder = olga.client.post("/api/folders", json={"name": "Fence"}).json["id"]
    rule = {"applies_to": "items", "folder_id": folder}
    for word, tag in (("oak", "x"), ("beech", "y")):
        olga.client.post(RULES, json=rule | {"name": word, "phrases": [word], "tags": [tag]})

    def capture(word, tag):
        note = {"source_type": "note", "raw_text": word, "tags": [tag]}
        return olga.client.post("/api/items", json=note)

    with ThreadPoolExecutor(2) as threads, database.connect() as somebody:
        somebody.execute("BEGIN")
        somebody.execute("SELECT FROM folders WHERE id = %s FOR UPDATE", [folder])
        captures = []
        for word, tag in (("oak", "y"), ("beech", "x")):
            captures.append(threads.submit(capture, word, tag))
            eventually(lambda: waiting(owner) == len(captures))
        somebody.execute("COMMIT")
        answers = [each.result() for each in captures]
    assert [each.status_code for each in answers] == [201, 201]
    assert [each.json["tags"] for each in answers] == [["x", "y"], ["x", "y"]]
