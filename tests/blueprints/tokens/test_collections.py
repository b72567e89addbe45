"""Collections over HTTP: members see those of their workspace."""

from __future__ import annotations

import pytest

from tests.blueprints.tokens.alchemy import CONTRACT
from tests.blueprints.tokens.minted import collection
from tests.factories import NOWHERE

PATH = "/api/collections"


@pytest.fixture
def collection_id(app_conn, olga):
    return collection(
        app_conn,
        olga.workspace_id,
        contract=CONTRACT,
        keeper=CONTRACT,
        start_block=10,
        next_block=150,
        mint_confirmations=2,
        reveal_confirmations=3,
    )


def test_a_collection_shows_how_it_stands(olga, collection_id, owner):
    owner.execute("UPDATE collections SET head_block = 151, watch_error = 'It is behind.'")
    found = olga.client.get(f"{PATH}/{collection_id}").json
    assert found.pop("created_at") == found.pop("updated_at")
    assert found == {
        "id": collection_id,
        "chain_id": 31337,
        "contract": CONTRACT,
        "name_template": "Season #{n}",
        "description": "The first season.",
        "default_prompt": "a default prompt",
        "fallback_prompt": "a fallback prompt",
        "keeper": CONTRACT,
        "is_public": True,
        "status": "active",
        "pause_reason": None,
        "start_block": 10,
        "next_block": 150,
        "head_block": 151,
        "mint_confirmations": 2,
        "reveal_confirmations": 3,
        "watch_error": "It is behind.",
        "watched_at": None,
    }
    assert olga.client.get(f"{PATH}/{NOWHERE}").status_code == 404


def test_collections_are_listed_page_by_page_newest_first(olga, app_conn):
    made = [collection(app_conn, olga.workspace_id) for _ in range(3)]
    first = olga.client.get(f"{PATH}?limit=2").json
    second = olga.client.get(f"{PATH}?limit=2&cursor={first['next_cursor']}").json
    assert [each["id"] for each in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


@pytest.mark.long
def test_its_timeline_tells_what_happened_to_it(olga, collection_id):
    (event,) = olga.client.get(f"{PATH}/{collection_id}/events").json["items"]
    assert event["event"] == "collection.added"
    assert event["payload"] == {"chain_id": 31337, "contract": CONTRACT}
    assert olga.client.get(f"{PATH}/{NOWHERE}/events").status_code == 404
