"""What tests of reveals look at on the chain, and what others do there."""

from __future__ import annotations

from tests.anvil import DEPLOYER, MINTER
from tests.season import Season
from webapp.clients.chain.abi import reveal_data
from webapp.clients.chain.node import quantity

# What comes before everything else in a block.
DEAR = {"maxFeePerGas": quantity(10**12), "maxPriorityFeePerGas": quantity(10**11)}


def revealed(season: Season) -> None:
    """Every token is revealed once, with its own address, and no transaction was reverted."""
    assert season.statuses() == {"revealed": season.minted}
    assert season.on_chain() == {each: season.uri(each) for each in range(1, season.minted + 1)}
    receipts = season.receipts()
    assert all(succeeded for succeeded, _ in receipts)
    assert sum(count for _, count in receipts) == season.minted
    used = [nonce for nonce in season.reveals("nonce") if nonce is not None]
    assert sorted(used) == list(range(len(used)))


def finish(do, season: Season) -> None:
    """Reveal all that is left."""
    for _ in range(10):
        do("plan", "sign", "send")
        season.anvil.mine(3)
        do("confirm")
        if set(season.statuses()) == {"revealed"}:
            return
    raise AssertionError(season.reveals("status, note, error"))


def by_hand(season: Season, token_ids, uris, **more) -> None:
    """The owner of the contract reveals tokens."""
    call = {"from": DEPLOYER.address, "to": season.contract.address}
    call["data"] = reveal_data(token_ids, uris)
    season.anvil.node.call("eth_sendTransaction", call | more)


def foreign(season: Season, **more) -> None:
    """Somebody else signs with the keeper's key."""
    from tests.accounts import Account

    call = {
        "chainId": 31337,
        "nonce": season.anvil.nonce(season.keeper.address),
        "to": MINTER.address,
        "value": 1,
        "gas": 21_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**11,
    }
    signed = Account.sign_transaction(call | more, season.keeper.key)
    season.anvil.node.call("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())


def told(season: Season) -> list[str]:
    """What the collection was told of its keeper."""
    rows = season.conn.execute(
        "SELECT event FROM events WHERE entity = 'collection' AND entity_id = %s"
        " AND event LIKE 'collection.keeper%%' ORDER BY id",
        (season.id,),
    ).fetchall()
    return [event for (event,) in rows]
