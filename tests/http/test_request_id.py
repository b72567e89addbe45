"""The request's id: in the response, in errors, in log lines, in events."""

from __future__ import annotations

import uuid

import pytest


@pytest.mark.parametrize("given", ["a", "req-1", str(uuid.UUID(int=7)), "A.b_c:d-" + "x" * 120])
def test_a_well_formed_id_is_taken(client, given):
    answer = client.get("/api/items/pending", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given
    assert answer.json["requestId"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, "<script>", "ä", "a;b", "a\tb"])
def test_any_other_is_replaced_by_a_new_one(client, given):
    headers = {} if given is None else {"X-Request-Id": given.encode().decode("latin-1")}
    answers = [client.get("/api/items/pending", headers=headers) for _ in range(2)]
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 2
    assert all(uuid.UUID(each) for each in ids)


def test_the_id_is_in_the_log_lines_of_its_request_and_of_no_other(ana, owner, logged):
    owner.execute("ALTER TABLE items ADD CONSTRAINT broken CHECK (false)")
    try:
        for given in ("first", "second"):
            note = {"source_type": "note", "raw_text": "x"}
            ana.post("/api/items", json=note, headers={"X-Request-Id": given})
    finally:
        owner.execute("ALTER TABLE items DROP CONSTRAINT broken")
    told = [(line["event"], line["request_id"]) for line in logged]
    assert told == [
        *[("internal_error", "first"), ("request", "first")],
        *[("internal_error", "second"), ("request", "second")],
    ]
