"""Revealing tokens on a real chain: each exactly once, whatever the chain does."""

from __future__ import annotations

import pytest

from tests.workers.tokens.reveals.checks import DEAR, by_hand, finish, revealed

pytestmark = pytest.mark.long


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


def test_no_nonce_is_taken_for_a_workspace_that_is_to_be_deleted(season, do, owner):
    season.mint(2)
    owner.execute("UPDATE workspaces SET deletion_id = id")
    do("plan")
    assert season.reveals() == []
    owner.execute("UPDATE workspaces SET deletion_id = NULL")
    season.plan()
    do("plan")
    assert season.reveals() == ["planned"]


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


def test_a_newest_block_that_is_replaced_by_one_of_its_number_is_a_new_one(season, do):
    season.mint()
    do("plan", "sign", "send")
    season.anvil.mine(2)
    do("confirm", "confirm")  # as it was sent, and as it is in a block
    head = season.anvil.head()
    season.anvil.reorg(2)
    assert season.anvil.head() == head
    do("confirm")
    assert season.reveals() == ["signed"]


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
