"""Reveals through a node that fails, forgets and says strange things."""

from __future__ import annotations

import pytest

from tests.fakes.node import Fault, Refused, fake_node
from tests.workers.tokens.reveals.checks import finish, revealed

pytestmark = pytest.mark.long

ONE = "0x" + "0" * 63 + "1"


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
        asked = len(node.requests)
        do(step)
        assert "asked again in" in season.reveals("note")[0]
        assert len(node.requests) == asked  # nobody asks it meanwhile
        owner.execute("TRUNCATE rate_limits")
        do(step)
        assert season.reveals("status, note") == [(then, None)]
    finish(do, season)
    revealed(season)


def test_a_block_that_is_not_the_chains_confirms_nothing(season, reveals, node):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan", "sign", "send")
    season.anvil.mine(3)
    node.answers["eth_getBlockByNumber"] = lambda number, _: (
        NotImplemented if number == "latest" else None
    )
    do("confirm")
    assert season.reveals() == ["mined"]  # it does not know yet
    season.anvil.mine()
    node.answers["eth_getBlockByNumber"] = lambda *_: {"hash": ONE, "baseFeePerGas": "0x1"}
    do("confirm")
    assert season.statuses() == {"ready": 1}
    assert season.events()[-1] == "reveal.reorged"
    del node.answers["eth_getBlockByNumber"]
    finish(do, season)
    revealed(season)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"logs": ["x"]}, None),
        ({"logs": "x"}, "something else than logs"),
        ({"logs": [{"topics": [[]]}]}, "something else than bytes"),
        ({"logs": [{"topics": [ONE]}]}, "something else than bytes"),
        ({"blockNumber": "0x1" + "0" * 16}, "impossibly large"),
        ({"gasUsed": "0x1" + "0" * 16}, "impossibly large"),
    ],
    ids=str,
)
def test_a_receipt_that_is_none_is_not_believed(season, reveals, node, owner, changes, said):
    do = reveals(chain_rpc_url=node.url)
    season.mint()
    do("plan", "sign", "send")
    season.anvil.mine()
    node.answers["eth_getTransactionReceipt"] = lambda tx: (
        node.pass_on("eth_getTransactionReceipt", [tx]) | changes
    )
    do("confirm")
    (note,) = season.reveals("note")
    assert note is None if said is None else said in note
    (attempts,) = owner.execute(
        "SELECT attempts FROM outbox WHERE kind = 'confirm_reveals'"
    ).fetchone()
    assert attempts == 0
    node.answers.clear()
    finish(do, season)
    revealed(season)
