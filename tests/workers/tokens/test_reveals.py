"""Revealing tokens on a real chain: each exactly once, whatever the chain and its node do."""

from __future__ import annotations

import pytest

from tests.anvil import DEPLOYER, ETHER, MINTER
from tests.fakes.node import Fault, Refused, fake_node
from tests.season import Season, keeper_with
from webapp.clients.chain.abi import reveal_data
from webapp.clients.chain.node import quantity

pytestmark = pytest.mark.long

DEAR = {"maxFeePerGas": quantity(10**12), "maxPriorityFeePerGas": quantity(10**11)}
ONE = "0x" + "0" * 63 + "1"


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


def test_tokens_are_revealed_fifty_at_a_time(season, do):
    season.mint(103)
    do("plan")
    assert [len(each) for each in season.reveals("token_ids")] == [50, 50, 3]
    do("sign")
    assert season.reveals("status, nonce") == [("signed", 0), ("signed", 1), ("signed", 2)]
    do("send")
    do("confirm")
    assert season.reveals() == ["sent"] * 3
    season.anvil.mine()
    do("confirm")
    assert season.reveals() == ["mined"] * 3
    assert season.statuses() == {"ready": 103}
    season.anvil.mine(2)
    do("confirm")
    assert season.reveals() == ["confirmed"] * 3
    revealed(season)
    assert len(season.receipts()) == 3
    assert season.events()[-3:] == ["reveal.confirmed"] * 3


def test_a_batch_waits_for_fifty_or_for_five_seconds(season, do, owner):
    season.mint(60, waited=0)
    do("plan")
    assert [len(each) for each in season.reveals("token_ids")] == [50]
    owner.execute("UPDATE tokens SET ready_at = now() - interval '5 seconds'")
    do("plan")
    assert [len(each) for each in season.reveals("token_ids")] == [50, 10]
    finish(do, season)
    revealed(season)


def test_a_token_is_not_revealed_before_its_mint_is_deep(season, do, owner):
    season.mint(2, status="pending")
    do("plan")
    assert season.reveals() == []
    owner.execute("UPDATE mint_events SET status = 'confirmed'")
    season.plan()
    do("plan")
    assert season.reveals() == ["planned"]
    # Taken back by the chain after it was planned.
    owner.execute("UPDATE mint_events SET status = 'orphaned'")
    do("sign")
    assert season.reveals("status, error_code, nonce") == [("dropped", "taken_back", None)]
    assert season.statuses() == {"ready": 2}


def test_only_so_many_reveals_are_under_way(season, reveals):
    do = reveals(reveals_in_flight=2)
    season.mint(200)
    do("plan")
    do("plan", "sign", "send")
    assert season.reveals() == ["sent", "sent"]
    season.anvil.mine()
    do("confirm", "plan")
    assert season.reveals() == ["mined", "mined", "planned", "planned"]
    finish(do, season)
    revealed(season)


def test_addresses_are_written_in_the_form_that_the_operator_chose(season, reveals):
    do = reveals(reveal_cid_form="base58")
    season.mint()
    do("plan", "sign", "send")
    season.anvil.mine(3)
    do("confirm")
    assert season.statuses() == {"revealed": 1}
    assert season.contract.uri(1).startswith("ipfs://z")
    assert len(season.contract.uri(1)) < len(season.uri(1)) - 9


# What the chain does


@pytest.mark.parametrize("is_mined_again", [True, False])
def test_a_reveal_whose_block_is_taken_back_is_sent_again(season, do, is_mined_again):
    season.mint(51)
    do("plan", "sign", "send")
    season.anvil.mine(2)
    do("confirm")
    assert season.reveals() == ["mined", "mined"]
    season.anvil.reorg(2)
    assert season.receipts() == []
    do("confirm")
    assert season.reveals() == ["signed", "signed"]
    if is_mined_again:
        do("send")
        season.anvil.mine(3)
        do("confirm")
    finish(do, season)
    revealed(season)
    assert season.reveals("attempts") == [1, 1]
    assert season.events().count("reveal.reorged") == 2


def test_a_reveal_that_is_in_another_block_after_a_reorganisation_is_confirmed_there(season, do):
    season.mint()
    do("plan", "sign", "send")
    season.anvil.mine()
    do("confirm")
    ((first, raw),) = season.conn.execute(
        "SELECT mined_block, raw FROM reveal_transactions AS reveal"
        "  JOIN reveal_attempts ON reveal_id = reveal.id"
    ).fetchall()
    season.anvil.reorg(1)
    season.anvil.node.call("eth_sendRawTransaction", "0x" + bytes(raw).hex())
    season.anvil.mine()
    do("confirm")
    ((status, block),) = season.reveals("status, mined_block")
    assert (status, block) == ("mined", first + 1)
    season.anvil.mine(2)
    do("confirm")
    revealed(season)
    assert "reveal.reorged" not in season.events()


def test_when_the_base_fee_rises_a_reveal_is_signed_anew_at_its_nonce(season, do, owner):
    season.mint(120)
    do("plan", "sign", "send")
    season.anvil.set_base_fee(50 * 10**9 // 20)  # more than the first attempts pay
    season.anvil.mine()
    before = season.reveals("max_fee, tip")
    do("confirm")
    assert season.reveals() == ["stuck"] * 3
    do("sign", "send")
    for (old_fee, old_tip), (fee, tip) in zip(before, season.reveals("max_fee, tip"), strict=True):
        assert fee * 8 >= old_fee * 9
        assert tip * 8 >= old_tip * 9
        assert fee <= 5 * 10**9
    assert season.reveals("attempts") == [2, 2, 2]
    finish(do, season)
    revealed(season)
    with pytest.raises(Exception, match="what was signed does not change"):
        owner.execute("UPDATE reveal_attempts SET gas = 1")


def test_at_the_cap_a_reveal_is_kept_at_the_node_until_fees_fall(season, reveals):
    do = reveals(reveal_max_fee_gwei=1.2)
    season.anvil.set_base_fee(10**9)
    season.mint()
    season.anvil.set_base_fee(10**9)
    season.anvil.mine()
    do("plan", "sign", "send")
    assert season.reveals() == ["sent"]
    for _ in range(2):
        season.anvil.set_base_fee(10**11)
        season.anvil.mine()
        season.anvil.node.call("anvil_dropAllTransactions")
        do("confirm")
        ((status, attempts, note),) = season.reveals("status, attempts, note")
        assert (status, attempts) == ("sent", 1)
        assert "REVEAL_MAX_FEE_GWEI" in note
    season.mint()
    do("plan", "sign")
    assert season.reveals() == ["sent", "planned"]  # nothing new is signed meanwhile
    assert "allows 1.2" in season.reveals("note")[1]
    season.anvil.set_base_fee(10**8)
    season.anvil.mine()
    finish(do, season)
    revealed(season)


def test_one_that_waits_for_long_pays_more_but_not_while_the_chain_stands_still(season, do, owner):
    season.mint(51)
    do("plan", "sign")
    # Nobody hears of it, so the node will not mine it.
    owner.execute("UPDATE reveal_transactions SET status = 'sent'")
    owner.execute("DELETE FROM outbox WHERE kind = 'send_reveals'")
    owner.execute("ALTER TABLE reveal_attempts DISABLE TRIGGER USER")
    owner.execute("UPDATE reveal_attempts SET signed_at = now() - interval '30 seconds'")
    owner.execute("ALTER TABLE reveal_attempts ENABLE TRIGGER USER")
    do("confirm")
    assert season.reveals() == ["sent", "sent"]
    season.anvil.node.call("anvil_dropAllTransactions")
    season.anvil.mine(2)
    do("confirm")
    # The second one only waits for the first.
    assert season.reveals() == ["stuck", "sent"]
    finish(do, season)
    revealed(season)
    assert season.reveals("attempts") == [2, 1]


def test_of_fifty_one_was_revealed_by_hand_and_the_others_go_on(season, do):
    season.mint(50)
    by_hand(season, [7], ["ipfs://another"])
    season.anvil.mine(3)
    do("plan", "sign")
    assert season.reveals("status, error_code") == [
        ("dropped", "revealed_before"),
        ("signed", None),
    ]
    assert len(season.reveals("token_ids")[1]) == 49
    do("send")
    season.anvil.mine(3)
    do("confirm")
    assert season.statuses() == {"revealed": 49, "failed": 1}
    (told,) = season.conn.execute(
        "SELECT token_id, error_code, error FROM tokens WHERE status = 'failed'"
    ).fetchall()
    assert told[:2] == (7, "revealed_elsewhere")
    assert "ipfs://another" in told[2]
    assert season.receipts() == [(True, 49)]


def test_tokens_that_were_revealed_by_hand_as_they_were_to_be_are_revealed(season, do):
    season.mint(3)
    by_hand(season, [1, 2, 3], [season.uri(each) for each in (1, 2, 3)])
    season.anvil.mine()
    do("plan", "sign")
    assert season.reveals() == ["planned"]  # until it is deep
    assert "just revealed" in season.reveals("note")[0]
    season.anvil.mine(2)
    do("sign")
    assert season.reveals() == ["dropped"]
    assert season.statuses() == {"revealed": 3}
    assert season.receipts() == []


def test_a_reveal_that_the_contract_refuses_when_it_is_mined_frees_its_tokens(season, do):
    season.mint(3)
    do("plan", "sign", "send")
    by_hand(season, [2], ["ipfs://another"], **DEAR)
    season.anvil.mine(3)
    do("confirm")
    assert season.reveals("status, error_code") == [("failed", "reverted")]
    assert season.statuses() == {"ready": 3}
    do("plan", "sign", "sign", "send")
    season.anvil.mine(3)
    do("confirm")
    assert season.statuses() == {"revealed": 2, "failed": 1}
    assert season.receipts() == [(False, 0), (True, 2)]


def test_a_token_that_the_contract_refuses_twice_has_failed(season, do, owner):
    season.mint(1)
    owner.execute("UPDATE tokens SET reverted_reveals = 1")
    do("plan", "sign", "send")
    by_hand(season, [1], ["ipfs://another"], **DEAR)
    season.anvil.mine(3)
    do("confirm")
    assert season.statuses() == {"failed": 1}


# Who else uses the key, and what it has left


def foreign(season: Season, **more) -> None:
    """Somebody else signs with the keeper's key."""
    from eth_account import Account

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


# What nodes do


@pytest.fixture
def node(season):
    """A node in front of the real one, which does what a test tells it."""
    with fake_node(season.anvil.url) as started:
        yield started


def test_a_transaction_is_sent_again_until_the_node_says_that_it_has_it(season, reveals, node):
    do = reveals(chain_rpc_url=node.url)
    season.mint(2)
    do("plan", "sign")
    # Not reached; accepted, and the answer lost; then it says that it has it.
    node.faults_of["eth_sendRawTransaction"] = [Fault(502), Fault(None, after=True)]
    for expected in ("signed", "signed", "sent"):
        do("send")
        assert season.reveals() == [expected]
    assert len({sent[0] for sent in node.asked("eth_sendRawTransaction")}) == 1
    season.anvil.mine(3)
    do("confirm")
    revealed(season)
    assert season.receipts() == [(True, 2)]


def test_one_that_was_mined_before_the_answer_came_is_found(season, reveals, node):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan", "sign")
    node.faults_of["eth_sendRawTransaction"] = [Fault(504, after=True)]
    do("send")
    season.anvil.mine(3)
    do("send")  # "nonce too low"
    do("confirm")
    revealed(season)


def test_one_that_the_node_says_it_took_and_did_not_is_sent_again(season, reveals, node):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan", "sign")
    node.answers["eth_sendRawTransaction"] = lambda raw: ONE
    do("send", "confirm")
    assert season.reveals() == ["sent"]
    del node.answers["eth_sendRawTransaction"]
    season.anvil.mine()
    do("confirm")
    season.anvil.mine(3)
    do("confirm")
    revealed(season)
    assert season.receipts() == [(True, 1)]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("already known", "sent"),
        ("AlreadyKnown", "sent"),
        ("Known transaction", "sent"),
        ("nonce too low: next nonce 5, tx nonce 0", "sent"),
        ("OldNonce", "sent"),
        ("replacement transaction underpriced", "sent"),
        ("max fee per gas less than block base fee: address 0x1", "sent"),
        ("insufficient funds for gas * price + value", "signed"),
        ("txpool is full", "signed"),
        ("too many requests", "signed"),
    ],
)
def test_what_nodes_say_about_a_transaction_is_understood(season, reveals, node, said, status):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan", "sign")

    def refuse(_raw):
        raise Refused(said)

    node.answers["eth_sendRawTransaction"] = refuse
    do("send")
    assert season.reveals() == [status]
    assert season.reveals("attempts") == [1]


def test_a_node_that_fails_loses_no_work_and_no_attempt(season, reveals, node, owner):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan")
    for step, then in (("sign", "signed"), ("send", "sent"), ("confirm", "sent")):
        node.faults = [Fault(429, headers={"Retry-After": "40"})]
        before = season.reveals()
        do(step)
        assert season.reveals() == before
        assert "429" in season.reveals("note")[0]
        ((attempts, wait),) = owner.execute(
            "SELECT attempts, extract(epoch FROM run_after - now()) FROM outbox WHERE kind = %s",
            (f"{step}_reveals",),
        ).fetchall()
        assert attempts == 0
        assert wait > 35
        do(step)
        assert season.reveals("status, note") == [(then, None)]
    finish(do, season)
    revealed(season)


def test_a_block_that_is_not_the_chains_confirms_nothing(season, reveals, node):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan", "sign", "send")
    season.anvil.mine(3)
    node.answers["eth_getBlockByNumber"] = lambda *_: {"hash": ONE, "baseFeePerGas": "0x1"}
    do("confirm")
    assert season.statuses() == {"ready": 1}
    del node.answers["eth_getBlockByNumber"]
    finish(do, season)
    revealed(season)
