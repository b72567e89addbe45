"""The order of names and titles, the same on every server."""

from __future__ import annotations

import random

import pytest


@pytest.mark.parametrize(
    "ordered",
    [
        ["Ärger", "banana", "Zebra"],
        ["resume", "Résumé", "resumes"],
        ["📌 Note", "„Zitat“", "10 things", "Abc", "abd"],
        ["Straßburg", "Strasse", "Straße", "Strauch"],
        ["Łodz", "London", "Øster", "Ostern", "zoo", "Ωmega", "Москва", "東京"],
        ["Cafe\u0301 au lait", "Café noir"],
        ["İstanbul", "istanbul B"],
    ],
    ids=str,
)
def test_letters_count_before_accents_and_case(owner, ordered):
    shuffled = random.Random(1).sample(ordered, len(ordered))
    found = owner.execute(
        'SELECT name FROM unnest(%s::text[]) AS name ORDER BY sort_key(name) COLLATE "C"',
        (shuffled,),
    ).fetchall()
    assert [name for (name,) in found] == ordered


def test_a_long_title_of_accents_takes_no_time(owner):
    owner.execute("SET LOCAL statement_timeout = '1s'")
    owner.execute("SELECT sort_key(repeat('a' || chr(769) || chr(803), 100))")


@pytest.mark.long
def test_lists_and_responses_are_in_that_order(olga, owner):
    for title in ("Zebra", "Ärger", "banana"):
        olga.client.post("/api/me/tasks", json={"title": title})
    for name in ("zoo", "Ärger", "banana"):
        olga.client.post("/api/tags", json={"name": name})
    listed = olga.client.get("/api/me/tasks?sort=title&direction=asc").json["items"]
    assert [each["title"] for each in listed] == ["Ärger", "banana", "Zebra"]
    found, cursor = [], ""
    while cursor is not None:
        page = olga.client.get(
            f"/api/tags?limit=1&cursor={cursor}" if cursor else "/api/tags?limit=1"
        )
        found += [each["name"] for each in page.json["items"]]
        cursor = page.json["next_cursor"]
    assert found == ["Ärger", "banana", "zoo"]
    note = {"source_type": "note", "raw_text": "x", "tags": ["zoo", "banana", "ärger"]}
    made = olga.client.post("/api/items", json=note).json
    assert made["tags"] == ["Ärger", "banana", "zoo"]
    assert olga.client.get(f"/api/items/{made['id']}").json["tags"] == made["tags"]
    ordered = owner.execute(
        "SELECT count(*) FROM pg_proc WHERE proname LIKE '%\\_answers'"
        " AND prosrc LIKE '%ORDER BY sort_key(tag.name)%'"
    ).fetchone()
    assert ordered == (3,)
