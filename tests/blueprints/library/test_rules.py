"""Rules over HTTP."""

from __future__ import annotations

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.blueprints.library.rules import MOST_RULES
from webapp.schemas.library.rules import Rule

RULES = "/api/rules"
BILLS = {"name": "Bills", "phrases": ["energy bill"], "category": "Bill"}


def rule_in(place):
    return place.make.conn.execute(
        "INSERT INTO rules (workspace_id, created_by, name, position, phrases, match, within)"
        " VALUES (%s, %s, 'r', 1, '{milk}', 'any', '{text}') RETURNING id",
        (place.workspace_id, place.owner.id),
    ).fetchone()[0]


EXAMPLES = Examples(
    things={"rule_id": rule_in},
    bodies={"rules.create": BILLS, "rules.change": {"name": "x"}},
    not_kept={"/api/rules/<uuid:rule_id>/try", "/api/rules/<uuid:rule_id>/items/try"},
    unlike_their_method={"rules.try_on_documents", "rules.try_on_items"},  # which change nothing
)


@pytest.mark.long
def test_a_rule_is_made_changed_listed_in_order_and_removed(ana):
    first = ana.post(RULES, json=BILLS)
    assert first.status_code == 201, first.json
    assert Rule().load(first.json)
    assert ana.get(first.headers["Location"]).json == first.json
    second = ana.post(RULES, json=BILLS | {"name": "More", "tags": ["a"], "category": None}).json
    assert [each["position"] for each in ana.get(RULES).json["items"]] == [1, 2]
    change = {"position": 5, "category": None, "correspondent": "Stadtwerke", "match": "all"}
    changed = ana.patch(first.headers["Location"], json=change).json
    assert {name: changed[name] for name in change} == change
    assert changed["phrases"] == ["energy bill"]
    assert [each["id"] for each in ana.get(RULES).json["items"]] == [second["id"], changed["id"]]
    assert ana.delete(first.headers["Location"]).status_code == 204
    assert ana.get(first.headers["Location"]).status_code == 404


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"phrases": []}, ["phrases", "addresses", "source_types", "with_tags"]),
        ({"phrases": ["*"]}, ["phrases.0"]),
        ({"phrases": ["fine", "a*b"]}, ["phrases.1"]),
        ({"phrases": ["x y"] * 21}, ["phrases"]),
        ({"match": "regex"}, ["match"]),
        ({"within": ["body"]}, ["within.0"]),
        ({"within": []}, ["within"]),
        ({"position": 0}, ["position"]),
        ({"name": " "}, ["name"]),
        ({"category": None}, ["category", "correspondent", "folder_id", "tags", "action"]),
        ({"folder_id": NOWHERE}, ["folder_id"]),
    ],
    ids=str,
)
def test_a_rule_that_makes_no_sense_is_refused(ana, change, fields):
    assert_problem(ana.post(RULES, json=BILLS | change), 422, "invalid_input", *fields)


@pytest.mark.long
def test_the_number_of_rules_is_limited(ana, owner):
    ana.post(RULES, json=BILLS)
    owner.execute(
        "INSERT INTO rules (workspace_id, created_by, name, position, phrases, match, within)"
        " SELECT workspace_id, created_by, name, 2, phrases, match, within"
        "   FROM rules, generate_series(2, %s)",
        (MOST_RULES,),
    )
    assert_problem(ana.post(RULES, json=BILLS), 409, "too_many_rules")


@pytest.mark.long
def test_a_rule_whose_folder_is_deleted_stays(ana):
    folder = ana.post("/api/folders", json={"name": "Bills"}).json["id"]
    path = ana.post(RULES, json=BILLS | {"folder_id": folder}).headers["Location"]
    ana.delete(f"/api/folders/{folder}")
    assert ana.get(path).json["folder_id"] is None


@pytest.mark.long
def test_a_rule_is_tried_on_documents_without_changing_them(ana, upload, is_ready):
    bill, letter = (upload(ana, pdf(name), f"{name}.pdf").json["id"] for name in ("a", "b"))
    is_ready(bill, "Your energy bill")
    is_ready(letter, "Dear Ana")
    path = ana.post(RULES, json=BILLS).headers["Location"]
    before = ana.get(f"/api/documents/{bill}").json
    tried = ana.post(f"{path}/try").json["items"]
    assert [(each["id"], each["matches"]) for each in tried] == [(letter, False), (bill, True)]
    page = ana.post(f"{path}/try?limit=1").json
    rest = ana.post(f"{path}/try", query_string={"cursor": page["next_cursor"]}).json
    assert [each["id"] for each in rest["items"]] == [bill]
    assert ana.get(f"/api/documents/{bill}").json == before
