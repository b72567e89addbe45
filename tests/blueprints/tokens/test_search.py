"""Finding tokens and authors."""

from __future__ import annotations

import pytest

from tests.blueprints.tokens import minted
from tests.sql.test_search_index import assert_true
from webapp.schemas.library.search import SearchPage


@pytest.fixture
def found(ana, app_conn):
    """Searches as somebody, and checks that the index is right; gives the titles."""

    def search(q, client=ana):
        answer = client.get("/api/search", query_string={"q": q})
        assert answer.status_code == 200, answer.json
        assert not SearchPage().validate(answer.json)
        assert_true(app_conn)
        return [each["title"] for each in answer.json["items"]]

    return search


@pytest.fixture
def wallet(app_conn, collection_id):
    """The wallet of an author, whose tokens have the numbers 1 to 3."""
    wallet = minted.address()
    made = {"wallet": wallet, "prompt_text": "zeppelin", "twitter_handle": "lighthouses"}
    author_id = minted.author(app_conn, collection_id, **made)
    for number, status in enumerate(("ready", "revealed", "failed"), start=1):
        minted.token(app_conn, collection_id, author_id, number, status)
    return wallet


@pytest.mark.long
def test_tokens_at_rest_are_found_by_name_and_wallet(found, wallet):
    assert found("season type:token") == ["Season #3", "Season #2"]
    assert found("season 2 ") == ["Season #2"]
    assert found(f"{wallet} type:token") == ["Season #3", "Season #2"]
    assert found("is:revealed") == ["Season #2"]
    assert found("is:failed type:token") == ["Season #3"]
    assert found("zeppelin") == []


@pytest.mark.long
def test_a_token_that_begins_again_or_is_reorged_is_not_found(found, wallet, owner):
    owner.execute("UPDATE tokens SET status = 'detected' WHERE status = 'failed'")
    assert found("season") == ["Season #2"]
    owner.execute("UPDATE tokens SET status = 'ready' WHERE status = 'revealed'")
    assert found("season") == []
    owner.execute("DELETE FROM tokens")
    assert found("season") == []


@pytest.mark.long
def test_a_token_that_turns_out_to_be_anothers_is_found_by_that_wallet(
    found, wallet, app_conn, collection_id, owner
):
    other = minted.address()
    owner.execute(
        "UPDATE tokens SET author_id = %s WHERE status = 'revealed'",
        (minted.author(app_conn, collection_id, wallet=other),),
    )
    assert found(f"{other} type:token") == ["Season #2"]
    assert found(f"{wallet} type:token") == ["Season #3"]


@pytest.mark.long
def test_authors_are_found_by_wallet_and_handle(found, wallet, owner):
    for q in ("lighthouses", f"{wallet.lower()} type:author", f"type:author {wallet[:8]}"):
        assert found(q)[0].startswith("@lighthouses"), q
    owner.execute("UPDATE authors SET twitter_handle = NULL, farcaster_handle = 'lamps'")
    assert (found("lighthouses "), found("lamps ")) == ([], ["@lamps"])


@pytest.mark.long
def test_nobody_else_finds_them(sign_in, found, wallet):
    ben = sign_in("ben")
    ben.get("/api/quota")  # creates the user
    assert found("season", ben) == found(wallet, ben) == []
