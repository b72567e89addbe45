"""Somebody else uses the keeper's key, it has no money, or it may not reveal."""

from __future__ import annotations

import pytest

from tests.anvil import DEPLOYER, ETHER
from tests.season import keeper_with
from tests.workers.tokens.reveals.checks import finish, foreign, revealed, told

pytestmark = pytest.mark.long


def test_somebody_else_takes_the_nonce_of_a_reveal(season, do):
    season.mint(2)
    do("plan", "sign")
    foreign(season)
    do("send")
    season.anvil.mine()
    do("confirm")
    assert season.reveals() == ["sent"]
    season.anvil.mine(2)
    do("confirm")
    assert season.reveals("status, error_code") == [("superseded", "superseded")]
    assert season.statuses() == {"ready": 2}
    assert told(season) == ["collection.keeper_used_elsewhere"]
    do("plan", "sign", "send")
    season.anvil.mine(3)
    do("confirm")
    assert season.reveals("status, nonce") == [("superseded", 0), ("confirmed", 1)]
    assert season.receipts() == [(True, 0), (True, 2)]


def test_what_somebody_else_signed_meanwhile_is_jumped_over_once_it_is_deep(season, do):
    season.mint()
    finish(do, season)
    for _ in range(3):
        foreign(season)
        season.anvil.mine()
    season.mint()
    do("plan", "sign")
    assert season.reveals() == ["confirmed", "planned"]
    assert "Somebody else" in season.reveals("note")[1]
    season.anvil.mine(3)
    do("sign")
    assert season.reveals("nonce") == [0, 4]
    assert told(season) == ["collection.keeper_used_elsewhere"]
    finish(do, season)


def test_a_key_with_transactions_under_way_is_not_used_for_the_first_time(season, do):
    season.mint()
    foreign(season)
    do("plan", "sign")
    assert season.reveals("status, nonce") == [("planned", None)]
    assert "has not sent" in season.reveals("note")[0]
    season.anvil.mine()
    do("sign")
    assert season.reveals("status, nonce, note") == [("signed", 1, None)]


def test_a_keeper_without_money_is_told_of_and_goes_on_when_it_has_some(season, do):
    season.anvil.set_balance(season.keeper.address, 10**12)
    season.mint()
    do("plan", "sign")
    assert season.reveals() == ["planned"]
    assert "too little left" in season.reveals("note")[0]
    do("sign")
    assert told(season) == ["collection.keeper_low"]
    season.anvil.set_balance(season.keeper.address, 10 * ETHER)
    finish(do, season)
    revealed(season)
    assert told(season) == ["collection.keeper_low", "collection.keeper_refilled"]


def test_money_that_is_gone_between_signing_and_sending_is_waited_for(season, do):
    season.mint()
    do("plan", "sign")
    season.anvil.set_balance(season.keeper.address, 10)
    do("send")
    assert season.reveals() == ["signed"]
    assert "too little left" in season.reveals("note")[0]
    season.anvil.set_balance(season.keeper.address, ETHER)
    finish(do, season)
    revealed(season)


def test_a_worker_with_another_key_signs_nothing(season, reveals, anvil):
    season.mint()
    do = reveals()
    do("plan")
    season.keeper = keeper_with(anvil)
    reveals()("sign")
    assert season.reveals() == ["planned"]
    assert season.keeper.address in season.reveals("note")[0]


def test_nothing_is_signed_without_a_key_or_on_another_chain_or_while_paused(
    season, reveals, owner
):
    season.mint()
    reveals(keeper_key=None)("plan", "sign")
    assert "KEEPER_KEY" in season.reveals("note")[0]
    reveals(chain_rpc_url=None)("sign")
    assert season.reveals("note") == ["CHAIN_RPC_URL is not set."]
    owner.execute("UPDATE collections SET chain_id = 1")
    owner.execute("UPDATE reveal_transactions SET chain_id = 1")
    reveals()("sign")
    assert "not of chain 1" in season.reveals("note")[0]
    owner.execute("UPDATE collections SET status = 'paused'")
    reveals()("sign")
    assert season.reveals("status, note, attempts") == [("planned", "The collection is paused.", 0)]


def test_a_contract_that_refuses_the_keeper_is_asked_again_later(season, do):
    role = season.anvil.node.call(
        "eth_call", {"to": season.contract.address, "data": "0x364bc15a"}, "latest"
    )
    season.contract.send(
        DEPLOYER, "revokeRole(bytes32,address)", int(role, 16), int(season.keeper.address, 16)
    )
    season.mint()
    do("plan", "sign")
    assert season.reveals() == ["planned"]
    assert "The contract refuses it." in season.reveals("note")[0]
    season.contract.send(
        DEPLOYER, "grantRole(bytes32,address)", int(role, 16), int(season.keeper.address, 16)
    )
    season.anvil.mine()
    finish(do, season)
    revealed(season)
