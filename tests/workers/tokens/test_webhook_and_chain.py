"""What webhooks tell and what the chain says, together: on a real node, over HTTP."""

from __future__ import annotations

import itertools
import queue
import random
import threading
from dataclasses import replace

import pytest

from tests.anvil import AUTHOR
from tests.blueprints.tokens import alchemy
from tests.fakes.node import fake_node
from tests.workers.tokens.watching import OTHER, Watched, register
from webapp.clients.chain.abi import MINTED, PROMPT_AUTHOR, call_data
from workers.engine.loop import Worker
from workers.watch_chain import watch_chain

pytestmark = pytest.mark.long


@pytest.fixture
def node(anvil):
    """What the watcher asks: the real node, with something that may happen in between."""
    with fake_node(anvil.url) as made:
        yield made


@pytest.fixture
def watched(anvil, node, owner, app_conn, make, settings):
    """A collection with a new contract, which is watched."""
    anvil.mines_by_itself(on=False)
    contract = anvil.deploy()
    collection_id = register(app_conn, make.user()["workspace_id"], contract)
    chosen = {"chain_rpc_url": node.url, "chain_poll_seconds": 0.1}
    worker = Worker((watch_chain,), replace(settings, **chosen))
    yield Watched(collection_id, anvil, contract, owner, worker.round)
    worker.close()
    anvil.mines_by_itself(on=True)


@pytest.fixture
def client(make_app, watched):
    return make_app(alchemy_webhook_secrets=(alchemy.SECRET,)).test_client()


def message(watched, number):
    """What Alchemy says about a block of the node."""
    block = watched.anvil.node.call("eth_getBlockByNumber", hex(number), False)
    logs = watched.anvil.node.call("eth_getLogs", {"blockHash": block["hash"], "topics": [MINTED]})
    said = alchemy.graphql(number=number)
    said["event"]["data"]["block"] = {
        "hash": block["hash"],
        "number": number,
        "timestamp": int(block["timestamp"], 16),
        "logs": [
            {
                "account": {"address": log["address"]},
                "topics": log["topics"],
                "data": log["data"],
                "index": int(log["logIndex"], 16),
                "transaction": {"hash": log["transactionHash"], "status": 1},
            }
            for log in logs
        ],
    }
    return said


def tell(client, watched, number=None):
    """Tell of a block, by default of the newest; the answer."""
    said = message(watched, watched.anvil.head() if number is None else number)
    answer = alchemy.send(client, said)
    assert answer.status_code == 200, answer.data
    return answer.json


def test_whoever_tells_first_the_mint_is_one(client, watched):
    watched.mint(AUTHOR.address, 2)
    assert tell(client, watched)["tokens"] == 2
    watched.look()
    assert watched.mints() == [(1, 2, "pending", "webhook")]
    watched.mint(OTHER)
    watched.look()
    assert tell(client, watched)["status"] == "known"
    assert watched.mints()[1] == (3, 1, "pending", "chain")
    watched.anvil.mine(2)
    watched.look()
    assert {status for _, _, status, _ in watched.mints()} == {"confirmed"}
    assert len(watched.tokens()) == 3


def test_a_mint_that_the_chain_never_had_is_undone_before_it_counts(client, watched):
    watched.mint(AUTHOR.address, 2)
    said = message(watched, watched.anvil.head())
    watched.anvil.reorg(1)
    watched.anvil.mine(5)
    watched.look()
    # Only now comes the message, about a block that was read long ago.
    assert alchemy.send(client, said).json["tokens"] == 2
    watched.look()
    assert watched.mints() == [(1, 2, "orphaned", "webhook")]
    watched.anvil.mine(5)
    watched.look()
    assert watched.mints() == [(1, 2, "orphaned", "webhook")]


def test_a_mint_that_is_told_while_its_block_is_read_does_not_count_yet(client, watched, node):
    watched.mint(AUTHOR.address, 2)
    said = message(watched, watched.anvil.head())
    watched.anvil.reorg(1)
    watched.anvil.mine(5)

    def logs(_):
        node.answers.clear()
        alchemy.send(client, said)
        return NotImplemented

    node.answers["eth_getLogs"] = logs
    watched.look()
    assert watched.mints() == [(1, 2, "pending", "webhook")]
    watched.look()
    assert watched.mints() == [(1, 2, "orphaned", "webhook")]


def test_a_doubt_that_comes_while_the_chain_is_read_is_looked_into(client, watched, node, owner):
    watched.mint(AUTHOR.address, 2)
    number = watched.anvil.head()
    watched.anvil.mine(3)
    watched.look()
    owner.execute("DELETE FROM tokens")
    owner.execute("DELETE FROM mint_events")
    watched.anvil.mine()

    def logs(_):
        node.answers.clear()
        alchemy.send(client, alchemy.activity(number, 1, contract=watched.contract.address))
        return NotImplemented

    node.answers["eth_getLogs"] = logs
    watched.look()
    assert watched.tokens() == []
    watched.look()
    assert len(watched.tokens()) == 2


def test_a_block_number_that_comes_again_gives_the_tokens_to_the_new_author(client, watched):
    watched.mint(AUTHOR.address, 2)
    old = watched.anvil.head()
    tell(client, watched)
    watched.look()
    before = message(watched, old)
    watched.anvil.reorg(1)
    number = watched.anvil.head()
    assert number == old
    watched.contract.mint(OTHER, 2)
    watched.anvil.mine()
    tell(client, watched, number)
    tell(client, watched, number + 1)
    alchemy.send(client, before)  # which Alchemy tries again
    for _ in range(3):
        watched.look()
    assert [(status, source) for _, _, status, source in watched.mints()] == [
        ("orphaned", "webhook"),
        ("pending", "webhook"),
    ]
    assert watched.tokens() == [(1, OTHER, "detected"), (2, OTHER, "detected")]
    watched.anvil.mine(3)
    watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["orphaned", "confirmed"]


def test_a_hint_at_a_mint_that_was_missed_finds_it(client, watched, owner):
    watched.mint(AUTHOR.address, 2)
    number = watched.anvil.head()
    watched.anvil.mine(3)
    watched.look()
    # As if a node had not told of it, and of nothing that would have shown that.
    owner.execute("DELETE FROM tokens")
    owner.execute("DELETE FROM mint_events")
    said = alchemy.activity(number, 1, contract=watched.contract.address)
    assert alchemy.send(client, said).json["status"] == "noted"
    watched.look()
    assert [number for number, *_ in watched.tokens()] == [1, 2]


def test_told_at_once_and_in_any_order_while_the_chain_changes_the_end_is_the_chains(
    client, watched, owner
):
    """Mints of new authors, blocks that are replaced, and messages that come twice, late and in any
    order, while the chain is read."""
    chance = random.Random(7)
    authors = (f"0x{number:040x}" for number in itertools.count(0xA0000))
    waiting: queue.PriorityQueue = queue.PriorityQueue()
    failed = []

    def deliver():
        while (said := waiting.get()[-1]) is not None:
            answer = alchemy.send(client, said)
            if answer.status_code != 200:
                failed.append(answer.data)

    threads = [threading.Thread(target=deliver) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for step in range(60):
            if step % 7 == 5:
                watched.anvil.reorg(2)
            for _ in range(3):
                watched.contract.mint(next(authors), chance.randint(1, 5))
            watched.anvil.mine()
            said = message(watched, watched.anvil.head())
            for again in range(2 if chance.random() < 0.3 else 1):
                waiting.put((chance.random(), step, again, said))
            watched.look()
    finally:
        for number in range(len(threads)):
            waiting.put((2.0, number, 0, None))
        for thread in threads:
            thread.join()
    watched.anvil.mine(3)
    for _ in range(6):
        watched.look()
    assert failed == []
    last = watched.contract.next_token_id() - 1
    live = [(number, wallet) for number, wallet, status in watched.tokens() if status == "detected"]
    assert [number for number, _ in live] == list(range(1, last + 1))
    answers = watched.anvil.node.batch(
        [
            (
                "eth_call",
                ({"to": watched.contract.address, "data": call_data(PROMPT_AUTHOR, n)}, "latest"),
            )
            for n, _ in live
        ]
    )
    assert [answer[-40:] for answer in answers] == [wallet[2:].lower() for _, wallet in live]
    assert owner.execute(
        "SELECT count(*) FROM mint_events AS mint"
        " WHERE status = 'pending'"
        "    OR status = 'confirmed' AND quantity <> ("
        "      SELECT count(*) FROM tokens WHERE mint_event_id = mint.id)"
    ).fetchone() == (0,)
