"""Tokens over HTTP, for members; tests/workers/tokens has what becomes of them."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.blueprints.tokens import minted
from tests.factories import NOWHERE
from webapp.schemas.common import ChangedSeveral
from webapp.schemas.tokens.tokens import Token, TokenPage, TokenStats

TOKENS = "/api/tokens"


def token_in(place):
    """A token that has failed."""
    made = minted.collection(place.make.conn, place.workspace_id)
    author_id = minted.author(place.make.conn, made)
    return minted.token(place.make.conn, made, author_id, 1, "failed", error="no picture")


EXAMPLES = Examples(
    things={"token_uuid": token_in},
    bodies={"tokens.retry_many": {"ids": ["<token_uuid>"]}},
)


@pytest.fixture
def author_id(app_conn, collection_id):
    return minted.author(app_conn, collection_id)


@pytest.fixture
def mint(app_conn, collection_id, author_id):
    """Mints a token of the collection."""

    def make(number=1, status="detected", **given):
        return minted.token(app_conn, collection_id, author_id, number, status, **given)

    return make


def listed(client, **query):
    """The ids of the whole list, page by page."""
    found, cursor = [], {}
    while True:
        answer = client.get(TOKENS, query_string={"limit": 2} | query | cursor)
        assert answer.status_code == 200, answer.json
        assert not TokenPage().validate(answer.json)
        found += [each["id"] for each in answer.json["items"]]
        cursor = {"cursor": answer.json["next_cursor"]}
        if answer.json["next_cursor"] is None:
            return found


@pytest.mark.long
def test_tokens_are_listed_newest_mint_first_by_status_collection_and_author(
    ana, app_conn, workspace_id, collection_id, mint
):
    wallet = minted.address()
    other = minted.collection(app_conn, workspace_id, is_public=False)
    theirs = minted.author(app_conn, other, wallet=wallet)
    statuses = ["detected", "failed", "failed", "ready", "failed", "orphaned"]
    ids = [mint(number, status) for number, status in enumerate(statuses, start=1)]
    late = minted.token(app_conn, other, theirs, minted_at="2020-01-01T00:00:00Z")
    early = minted.token(app_conn, other, theirs, 2, "failed")
    newest_first = [early, *reversed(ids), late]
    assert listed(ana) == newest_first
    assert listed(ana, status="failed") == [early, ids[4], ids[2], ids[1]]
    assert listed(ana, collection_id=other) == [early, late]
    assert listed(ana, status="failed", collection_id=collection_id) == [ids[4], ids[2], ids[1]]
    assert listed(ana, author=wallet.lower()) == [early, late]
    assert listed(ana, author=wallet, status="detected") == [late]
    assert listed(ana, author=wallet, collection_id=collection_id) == []
    assert listed(ana, author=minted.address()) == []


@pytest.mark.long
def test_many_tokens_of_one_mint_are_paged_without_a_gap(ana, app_conn, collection_id, mint):
    with app_conn.transaction():  # at the same time
        ids = [mint(number) for number in range(1, 8)]
    assert listed(ana) == ids[::-1]


def test_a_token_is_shown_with_its_mint_and_its_reveal(ana, app_conn, collection_id, mint):
    one = mint(42, "ready")
    shown = ana.get(f"{TOKENS}/{one}")
    assert not Token().validate(shown.json)
    assert (shown.json["name"], shown.json["token_id"]) == ("Season #42", 42)
    assert (shown.json["image_cid"], shown.json["reveal"]) == (minted.IMAGE, None)
    assert shown.json["mint"]["block_number"] == 7
    app_conn.execute(
        "WITH reveal AS (INSERT INTO reveal_transactions"
        "   (workspace_id, collection_id, token_ids, uris, chain_id, keeper)"
        "   SELECT workspace_id, collection_id, '{42}', '{x}', 1, %s FROM tokens RETURNING id)"
        " UPDATE tokens SET reveal_id = reveal.id FROM reveal",
        (minted.address(),),
    )
    reveal = ana.get(f"{TOKENS}/{one}").json["reveal"]
    assert (reveal["status"], reveal["tx_hash"]) == ("planned", None)


def test_the_timeline_shows_every_step(ana, mint):
    events = ana.get(f"{TOKENS}/{mint(1, 'revealed')}/events").json["items"]
    assert [each["event"] for each in events] == [
        *("token.detected", "token.generating", "token.generated", "token.uploaded"),
        "token.revealed",
    ]


@pytest.mark.long
def test_tokens_are_counted_by_status(ana, app_conn, workspace_id, collection_id, mint):
    assert ana.get(f"{TOKENS}/stats").json["total"] == 0
    for number, status in enumerate(["ready", "revealed", "revealed", "failed", "orphaned"]):
        mint(number, status, minted_at=f"2026-11-{10 - number:02}T00:00:00Z")
    other = minted.collection(app_conn, workspace_id)
    minted.token(app_conn, other, minted.author(app_conn, other), 1, "ready")
    stats = ana.get(f"{TOKENS}/stats?collection_id={collection_id}")
    assert not TokenStats().validate(stats.json)
    assert stats.json["total"] == 4
    assert {name: number for name, number in stats.json["statuses"].items() if number} == {
        "ready": 1,
        "revealed": 2,
        "failed": 1,
        "orphaned": 1,
    }
    assert stats.json["waiting_since"] == "2026-11-10T00:00:00Z"
    assert ana.get(f"{TOKENS}/stats").json["total"] == 5


def test_a_failed_token_begins_again(ana, app_conn, owner, mint):
    one = mint(1, "failed", error="refused", error_code="refused")
    owner.execute("DELETE FROM outbox")
    answer = ana.post(f"{TOKENS}/{one}/retry")
    assert (answer.status_code, answer.json["status"]) == (200, "detected")
    assert (answer.json["error"], answer.json["error_code"]) == (None, None)
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("generate_images",)]
    again = ana.post(f"{TOKENS}/{one}/retry")
    assert_problem(again, 400, "invalid_state")


def test_of_several_tokens_those_that_have_failed_begin_again(ana, sign_in, app_conn, mint):
    failed, ready = mint(1, "failed"), mint(2, "ready")
    answer = ana.post(f"{TOKENS}/retry", json={"ids": [ready, failed, NOWHERE, failed]})
    assert not ChangedSeveral().validate(answer.json)
    assert answer.json["items"] == [
        {"id": ready, "result": "not_allowed"},
        {"id": failed, "result": "done"},
        {"id": NOWHERE, "result": "not_found"},
    ]
    assert ana.get(f"{TOKENS}/{failed}").json["status"] == "detected"


def test_tokens_of_other_workspaces_are_not_there(ana, sign_in, mint, collection_id):
    one, ben = mint(1, "failed"), sign_in("ben")
    assert listed(ben) == listed(ben, collection_id=collection_id) == []
    assert ben.get(f"{TOKENS}/stats?collection_id={collection_id}").json["total"] == 0
    for answer in (
        ben.get(f"{TOKENS}/{one}"),
        ben.get(f"{TOKENS}/{one}/events"),
        ben.post(f"{TOKENS}/{one}/retry"),
    ):
        assert_problem(answer, 404, "not_found")
    results = ben.post(f"{TOKENS}/retry", json={"ids": [one]}).json["items"]
    assert results == [{"id": one, "result": "not_found"}]
    assert ana.get(f"{TOKENS}/{one}").json["status"] == "failed"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "minted"}, "status"),
        ({"collection_id": "x"}, "collection_id"),
        ({"author": "x"}, "author"),
        ({"author": "0x90f79bf6EB2c4f870365E785982E1f101E93b906"}, "author"),
        ({"limit": 101}, "limit"),
        ({"order": "asc"}, "order"),
    ],
    ids=str,
)
def test_a_wrong_filter_is_named(ana, query, field):
    assert_problem(ana.get(TOKENS, query_string=query), 422, "invalid_input", field)
