"""Keepers over HTTP."""

from __future__ import annotations

import pytest

from tests.blueprints.tokens.test_reveals import KEEPER, add_collection, add_reveal
from webapp.schemas.tokens.keepers import Keeper


@pytest.fixture
def collection_id(app_conn, olga):
    return add_collection(app_conn, olga.workspace_id)


@pytest.mark.long
def test_a_keeper_shows_what_it_has_left_and_what_is_wrong(olga, app_conn, collection_id, owner):
    path = f"/api/collections/{collection_id}/keeper"
    found = olga.client.get(path).json
    assert Keeper().validate(found) == {}
    assert (found["address"], found["balance"], found["alarms"]) == (KEEPER, None, [])
    add_reveal(app_conn, collection_id, status="sent")
    owner.execute(
        "INSERT INTO keepers (chain_id, address, next_nonce, balance, low_since, used_elsewhere_at)"
        " VALUES (31337, %s, 7, 123456789012345678901, now(), now() - interval '6 days')",
        (KEEPER,),
    )
    found = olga.client.get(path).json
    assert Keeper().validate(found) == {}
    assert found["balance"] == "123456789012345678901"
    assert (found["next_nonce"], found["under_way"]) == (7, 1)
    assert [each["code"] for each in found["alarms"]] == ["low_balance", "used_elsewhere"]
    owner.execute("UPDATE keepers SET used_elsewhere_at = now() - interval '8 days'")
    assert [each["code"] for each in olga.client.get(path).json["alarms"]] == ["low_balance"]


def test_a_collection_without_a_keeper_says_so(olga, app_conn):
    without = add_collection(app_conn, olga.workspace_id, keeper=None)
    found = olga.client.get(f"/api/collections/{without}/keeper").json
    assert (found["address"], found["under_way"]) == (None, 0)
