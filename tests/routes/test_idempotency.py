"""The same POST twice makes one thing and gives one answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.routes.idempotency import HEADER, REPLAYED

NOTE = {"source_type": "note", "raw_text": "Buy milk."}


def post(client, key, body=NOTE, path="/api/items"):
    return client.post(path, json=body, headers={HEADER: key})


def count(owner, table="items"):
    return owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.mark.long
def test_the_second_time_gives_the_first_answer(ana, owner):
    first, second = post(ana, "k"), post(ana, "k")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert first.headers["Location"] == second.headers["Location"]
    assert (REPLAYED in first.headers, second.headers[REPLAYED]) == (False, "true")
    assert (count(owner), count(owner, "outbox"), count(owner, "events")) == (1, 1, 1)


@pytest.mark.long
def test_twenty_at_once_make_one_item_and_get_equal_answers(app, owner):
    def send(_):
        return post(app.test_client(), "k", NOTE | {"tags": ["a", "b"]})

    def signed_in(number):
        client = app.test_client()
        client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
        return post(client, "k", NOTE | {"tags": ["a", "b"]})

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(signed_in, range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert (count(owner), count(owner, "users")) == (1, 1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (NOTE | {"raw_text": "Buy bread."}, "/api/items"),
        (NOTE | {"enrich": False}, "/api/items"),
        ({"title": "Buy milk."}, "/api/ana/tasks"),
    ],
)
def test_another_request_with_the_same_key_is_422(ana, owner, body, path):
    post(ana, "k")
    answer = post(ana, "k", body, path)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert count(owner) == 1


@pytest.mark.long
def test_keys_belong_to_users(ana, sign_in, owner):
    post(ana, "k")
    assert REPLAYED not in post(sign_in("bob"), "k").headers
    assert count(owner) == 2


def test_an_attempt_that_fails_does_not_burn_the_key(ana, owner):
    owner.execute("ALTER TABLE outbox ADD CONSTRAINT broken CHECK (kind <> 'enrich_items')")
    try:
        assert post(ana, "k").status_code == 500
    finally:
        owner.execute("ALTER TABLE outbox DROP CONSTRAINT broken")
    assert count(owner, "idempotency_keys") == 0
    assert post(ana, "k").status_code == 201
    assert count(owner) == 1


def test_a_body_that_is_refused_does_not_burn_the_key(ana):
    assert post(ana, "k", {"source_type": "poem"}).status_code == 422
    assert post(ana, "k").status_code == 201


@pytest.mark.long
def test_a_refused_action_does_not_burn_the_key(ana, make):
    url = post(ana, "k").headers["Location"]
    retry = f"{url}/retry"
    assert ana.post(retry, headers={HEADER: "r"}).status_code == 400
    make.conn.execute("UPDATE items SET status = 'failed'")
    assert ana.post(retry, headers={HEADER: "r"}).status_code == 200
    replayed = ana.post(retry, headers={HEADER: "r"})
    assert (replayed.status_code, replayed.headers[REPLAYED]) == (200, "true")


def test_after_a_day_the_key_is_free_again(ana, owner):
    first = post(ana, "k")
    lasts = owner.execute("SELECT expires_at - now() <= '24 hours' FROM idempotency_keys")
    assert lasts.fetchone() == (True,)
    owner.execute("UPDATE idempotency_keys SET expires_at = now()")
    second = post(ana, "k", NOTE | {"raw_text": "Buy bread."})
    assert second.status_code == 201
    assert second.json["id"] != first.json["id"]
    assert post(ana, "k", NOTE | {"raw_text": "Buy bread."}).data == second.data


@pytest.mark.parametrize("key", ["", "k" * 256, "a b", "schlüssel".encode().decode("latin-1")])
def test_an_invalid_key_is_400(ana, key):
    answer = post(ana, key)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_idempotency_key")


def test_the_longest_key_is_taken(ana):
    assert post(ana, "k" * 255).status_code == 201
