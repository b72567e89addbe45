"""The same page twice in one workspace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from workers import normalize_addresses
from workers.engine.job import Again

URL = "https://example.com/article?id=3"
SAME = "HTTPS://EXAMPLE.com:443/article?utm_source=mail&id=3#comments"


def capture(person, url=URL, **more):
    return person.client.post(
        "/api/items", json={"source_type": "article", "source_url": url, "enrich": False, **more}
    )


def check(person, url=SAME):
    return person.client.post("/api/items/check-url", json={"source_url": url}).json


@pytest.mark.long
def test_the_second_capture_gives_the_first_item_with_its_tags_too(olga):
    first = capture(olga, tags=["garden"]).json
    again = capture(olga, SAME, title="Another", tags=["Garden"])
    assert (again.status_code, again.json["duplicate_of"]) == (200, first["id"])
    assert {name: again.json[name] for name in first} == first
    tagged = capture(olga, SAME, tags=["fence", "GARDEN"]).json
    assert tagged["tags"] == ["fence", "garden"]
    unchanged = set(first) - {"tags", "updated_at"}
    assert {name: tagged[name] for name in unchanged} == {name: first[name] for name in unchanged}


def test_a_second_one_is_made_where_it_is_asked_for(olga):
    first = capture(olga).json
    second = capture(olga, SAME, allow_duplicate=True)
    assert second.status_code == 201
    assert capture(olga).json["duplicate_of"] == first["id"]
    assert second.json["source_url"] == SAME


def test_a_check_tells_and_captures_nothing(olga):
    assert check(olga) == {"normalized": URL, "duplicate_of": None}
    first = capture(olga).json
    assert check(olga)["duplicate_of"] == first["id"]
    assert len(olga.client.get("/api/library").json["items"]) == 1


@pytest.mark.long
def test_what_was_discarded_may_be_captured_again(olga):
    first = capture(olga).json
    olga.client.patch(f"/api/items/{first['id']}", json={"action": "discard"})
    assert check(olga)["duplicate_of"] is None
    assert capture(olga).status_code == 201


def test_each_workspace_has_its_own(olga, people):
    capture(olga)
    assert check(people.person("max"))["duplicate_of"] is None
    team = {"X-Workspace-Id": str(people.workspace(olga))}
    body = {"source_type": "article", "source_url": URL, "enrich": False}
    assert olga.client.post("/api/items", json=body, headers=team).status_code == 201


def test_notes_are_never_duplicates(olga):
    body = {"source_type": "note", "raw_text": "The same", "enrich": False}
    assert [olga.client.post("/api/items", json=body).status_code for _ in range(2)] == [201, 201]


@pytest.mark.long
def test_of_ten_captures_at_once_one_makes_the_item(app, olga):
    authorization = {"Authorization": olga.client.environ_base["HTTP_AUTHORIZATION"]}
    body = {"source_type": "article", "source_url": URL, "enrich": False}

    def send(_):
        return app.test_client().post("/api/items", json=body, headers=authorization)

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(send, range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


@pytest.mark.long
def test_what_may_not_stand_in_an_address_is_encoded_and_the_rest_stays(olga):
    given = capture(olga, " https://E.example/a b/ü|x?q=c\td ").json["source_url"]
    assert given == "https://e.example/a%20b/%C3%BC|x?q=cd"
    assert capture(olga, "https://E.example/ü").json["source_url"] == "https://E.example/ü"
    assert capture(olga, "https://e.example/a%20b/%c3%bc%7Cx?q=cd").status_code == 200
    assert check(olga, "https://e.example/" + "é" * 1000)["duplicate_of"] is None


def test_what_was_captured_before_gets_the_form_of_today(olga, owner, app_conn):
    first = capture(olga, "https://e.example/a").json
    second = capture(olga, "https://e.example/b").json
    owner.execute(
        "UPDATE items SET page_form = 1, page_hash = sha256('old'),"
        " source_url = CASE id WHEN %s THEN 'https://e.example/%%7Eana' ELSE 'no address' END",
        (first["id"],),
    )
    assert normalize_addresses.save(app_conn, None, None) == Again()
    assert normalize_addresses.save(app_conn, None, None) is True
    assert check(olga, "https://e.example/~ana")["duplicate_of"] == first["id"]
    kept = owner.execute("SELECT page_hash FROM items WHERE id = %s", (second["id"],)).fetchone()
    assert kept == (sha256(b"old").digest(),)


@pytest.mark.parametrize("url", ["", "x", "ftp://example.com/", "https://", "https://a b/"])
def test_what_is_no_address_is_422(olga, url):
    answer = olga.client.post("/api/items/check-url", json={"source_url": url})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "source_url")
