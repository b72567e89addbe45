"""What the chain says about mints, from a real node and from one that lies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.anvil import AUTHOR
from tests.fakes.node import Fault, Refused, fake_node
from tests.workers.tokens.watching import OTHER, Watched, register
from webapp.clients.chain.abi import MINTED, PROMPT_AUTHOR
from workers.engine.loop import Worker
from workers.watch_chain import watch_chain

pytestmark = pytest.mark.long


@pytest.fixture
def watch(anvil, owner, app_conn, make, settings):
    """Adds a collection with a new contract; some settings and columns may be others."""
    workers = []
    anvil.mines_by_itself(on=False)

    def add(url=anvil.url, changes=None, **columns):
        chosen = {"chain_rpc_url": url, "chain_poll_seconds": 0.1} | (changes or {})
        workers.append(Worker((watch_chain,), replace(settings, **chosen)))
        contract = anvil.deploy()
        collection_id = register(app_conn, make.user()["workspace_id"], contract, **columns)
        return Watched(collection_id, anvil, contract, owner, workers[-1].round)

    yield add
    anvil.mines_by_itself(on=True)
    for each in workers:
        each.close()


@pytest.fixture
def watched(watch):
    return watch()


@pytest.fixture
def liar(anvil):
    """A node before the real one, which says something else where a test wants it to."""
    with fake_node(anvil.url) as node:
        yield node


def test_mints_are_read_once_and_count_when_they_are_deep(watched):
    watched.mint(AUTHOR.address, 3)
    watched.mint(OTHER)
    watched.look()
    assert watched.mints() == [(1, 3, "pending", "chain"), (4, 1, "pending", "chain")]
    assert [author for _, author, _ in watched.tokens()] == [AUTHOR.address] * 3 + [OTHER]
    assert "plan_reveals" not in watched.work_left()
    watched.look()
    watched.anvil.mine()
    watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["confirmed", "pending"]
    assert {"plan_reveals", "generate_images"} <= watched.work_left()
    watched.anvil.mine()
    watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["confirmed", "confirmed"]
    assert len(watched.tokens()) == 4


def test_nothing_new_costs_one_call(watch, liar):
    watched = watch(liar.url)
    watched.mint()
    watched.look()
    liar.requests.clear()
    for _ in range(3):
        assert watched.look() == 1
    asked = [method for calls in liar.requests for method, _ in calls]
    assert asked == ["eth_getBlockByNumber"] * 3


def test_what_was_missed_is_read_in_the_ranges_that_the_node_takes(watch, liar):
    def logs(wanted):
        if int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) >= 4:
            raise Refused("block range is too wide", code=-32602)
        return NotImplemented

    liar.answers["eth_getLogs"] = logs
    watched = watch(liar.url, {"chain_log_blocks": 16})
    for _ in range(9):
        watched.mint()
        watched.anvil.mine(3)
    while watched.column("head_block") != watched.column("next_block") - 1:
        watched.look()
        assert watched.column("watch_error") is None
    assert [number for number, *_ in watched.tokens()] == list(range(1, 10))


def test_many_tokens_are_taken_in_several_transactions(watch, monkeypatch):
    monkeypatch.setattr("webapp.rules.tokens.stretch.MOST_TOKENS", 60)
    watched = watch()
    for _ in range(4):
        watched.mint(AUTHOR.address, 50)
    counts = []
    while len(counts) < 10 and (not counts or counts[-1] < 200):
        watched.look()
        counts.append(len(watched.tokens()))
    assert counts == [50, 100, 150, 200]


def test_what_is_known_is_compared_however_much_it_is(watched, owner, monkeypatch):
    monkeypatch.setattr("workers.watch_chain._MOST_KNOWN", 3)
    for _ in range(8):
        watched.mint()
    watched.look()
    owner.execute("UPDATE collections SET doubted_block = start_block, doubts = doubts + 1")
    watched.look()
    assert watched.column("next_block") <= watched.column("head_block")
    while watched.column("next_block") <= watched.column("head_block"):
        watched.look()
    assert "orphaned" not in {status for _, _, status, _ in watched.mints()}
    assert len(watched.tokens()) == 8


# What the chain takes back


def test_a_mint_that_the_chain_takes_back_is_undone_and_comes_again(watched):
    watched.mint(AUTHOR.address, 2)
    watched.look()
    watched.anvil.reorg(1)
    for _ in range(2):
        watched.look()
    assert watched.mints() == [(1, 2, "orphaned", "chain")]
    assert {status for *_, status in watched.tokens()} == {"orphaned"}
    again = watched.mint(AUTHOR.address, 2)
    watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["orphaned", "pending"]
    assert {status for *_, status in watched.tokens()} == {"detected"}
    assert again.startswith("0x")


def test_the_same_transaction_in_another_block_is_the_same_mint(watched):
    transaction = watched.mint(AUTHOR.address)
    watched.look()
    raw = watched.anvil.node.call("eth_getRawTransactionByHash", transaction)
    watched.anvil.reorg(1)
    for _ in range(2):
        watched.look()
    assert watched.mints() == [(1, 1, "orphaned", "chain")]
    watched.anvil.mine()
    watched.anvil.receipt(watched.anvil.node.call("eth_sendRawTransaction", raw))
    watched.look()
    assert watched.mints() == [(1, 1, "pending", "chain")]
    assert watched.tokens() == [(1, AUTHOR.address, "detected")]


def test_tokens_that_are_minted_again_are_those_of_the_new_author(watched, owner):
    watched.mint(AUTHOR.address, 2)
    watched.look()
    owner.execute("UPDATE tokens SET status = 'generating', image_cid = 'of the first'")
    watched.anvil.reorg(1)
    watched.mint(OTHER, 3)
    for _ in range(2):
        watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["orphaned", "pending"]
    assert watched.tokens() == [(number, OTHER, "detected") for number in (1, 2, 3)]
    assert owner.execute("SELECT DISTINCT image_cid FROM tokens").fetchall() == [(None,)]


def test_a_picture_stays_with_its_author(watched, owner):
    watched.mint(AUTHOR.address, 2)
    watched.look()
    owner.execute("UPDATE tokens SET status = 'generating', image_cid = 'a picture'")
    watched.anvil.reorg(1)
    watched.mint(AUTHOR.address, 2)
    for _ in range(2):
        watched.look()
    assert watched.tokens() == [(number, AUTHOR.address, "detected") for number in (1, 2)]
    assert owner.execute("SELECT DISTINCT image_cid FROM tokens").fetchall() == [("a picture",)]


def test_a_mint_below_the_fork_stays_as_it_is(watched):
    watched.mint()
    watched.anvil.mine(2)
    watched.mint()
    watched.look()
    watched.anvil.reorg(1)
    for _ in range(2):
        watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["confirmed", "orphaned"]
    assert watched.events() == ["added"]


def test_a_change_deeper_than_what_counts_raises_an_alarm(watched, owner):
    watched.mint(AUTHOR.address, 2)
    watched.anvil.mine(3)
    watched.look()
    assert [status for _, _, status, _ in watched.mints()] == ["confirmed"]
    # One was revealed in the meantime: that stays as it is, for whoever the chain gives it to.
    for status in ("generating", "uploading", "ready", "revealed"):
        owner.execute("UPDATE tokens SET status = %s WHERE token_id = 1", (status,))
    watched.anvil.reorg(4)
    watched.mint(OTHER, 2)
    for _ in range(2):
        watched.look()
    assert watched.events() == ["added", "reorged"]
    assert [status for _, _, status, _ in watched.mints()] == ["orphaned", "pending"]
    assert watched.tokens() == [(1, OTHER, "revealed"), (2, OTHER, "detected")]


# What nodes do wrong


def hide(liar, *starts):
    """Have the node give no logs of the mints from certain tokens on, nor their receipts."""
    kept = {f"0x{start:064x}" for start in starts}

    def logs(wanted):
        passed = liar.pass_on("eth_getLogs", [wanted])
        return [log for log in passed if log["topics"][3] not in kept]

    liar.answers["eth_getLogs"] = logs


def test_a_partial_answer_moves_nothing_until_it_is_whole(watch, liar):
    watched = watch(liar.url)
    for _ in range(3):
        watched.mint(AUTHOR.address, 2)
    hide(liar, 3)
    watched.look()
    assert watched.tokens() == []
    assert "answered in part" in watched.column("watch_error")
    assert "from 3 to 4" in watched.column("watch_error")
    liar.answers.clear()
    watched.look()
    assert len(watched.tokens()) == 6
    assert watched.column("watch_error") is None


def test_the_last_mints_are_missed_by_the_contracts_next_token(watch, liar):
    watched = watch(liar.url)
    watched.mint(AUTHOR.address, 2)
    watched.mint(OTHER, 3)
    hide(liar, 3)
    watched.look()
    assert "from 3 to 5" in watched.column("watch_error")


def test_what_a_node_keeps_to_itself_is_taken_from_the_contract(watch, liar):
    watched = watch(liar.url, mint_confirmations=4)
    watched.mint(AUTHOR.address, 2)
    watched.mint(OTHER, 3)
    watched.mint(AUTHOR.address, 1)
    watched.mint(OTHER)
    hide(liar, 3, 6)
    for _ in range(5):
        watched.look()
    assert watched.mints() == [
        (1, 2, "pending", "chain"),
        (3, 3, "pending", "contract"),
        (6, 1, "pending", "contract"),
        (7, 1, "pending", "chain"),
    ]
    assert [author for _, author, _ in watched.tokens()] == [
        *[AUTHOR.address] * 2,
        *[OTHER] * 3,
        AUTHOR.address,
        OTHER,
    ]
    assert watched.column("watch_error") is None
    assert watched.events() == ["added", "answered_in_part"]
    assert len(liar.asked("eth_call")) < 20
    watched.anvil.mine(4)
    watched.look()
    assert {status for _, _, status, _ in watched.mints()} == {"confirmed"}


def test_a_log_that_comes_later_takes_the_place_of_what_the_contract_told(watch, liar, owner):
    watched = watch(liar.url)
    watched.mint(AUTHOR.address, 2)
    watched.mint(OTHER, 2)
    hide(liar, 3)
    for _ in range(5):
        watched.look()
    liar.answers.clear()
    owner.execute("UPDATE collections SET doubted_block = start_block, doubts = doubts + 1")
    watched.look()
    assert watched.mints() == [
        (1, 2, "pending", "chain"),
        (3, 2, "orphaned", "contract"),
        (3, 2, "pending", "chain"),
    ]
    assert [status for *_, status in watched.tokens()] == ["detected"] * 4


def test_a_mint_that_somebody_told_of_is_believed_if_the_node_has_its_receipt(watch, liar):
    watched = watch(liar.url)
    watched.mint(AUTHOR.address, 2)
    watched.look()
    hide(liar, 1)
    watched.owner.execute("UPDATE collections SET doubted_block = 0, doubts = 1")
    watched.look()
    assert watched.mints() == [(1, 2, "pending", "chain")]
    assert liar.asked("eth_getTransactionReceipt")
    assert watched.column("watch_error") is None


def test_a_node_that_is_behind_is_waited_for(watch, liar, anvil):
    watched = watch(liar.url)
    watched.mint()
    anvil.mine(30)
    watched.look()
    head = anvil.node.call("eth_getBlockByNumber", "latest", False)
    old = anvil.node.call("eth_getBlockByNumber", hex(int(head["number"], 16) - 20), False)
    liar.answers["eth_getBlockByNumber"] = lambda which, _: (
        old if which == "latest" else NotImplemented
    )
    watched.look()
    assert "behind" in watched.column("watch_error")
    liar.answers.clear()
    watched.look()
    assert watched.column("watch_error") is None
    assert len(watched.mints()) == 1


@pytest.mark.parametrize(
    ("method", "fault", "said"),
    [
        ("eth_getBlockByNumber", Fault(), "The chain's node"),
        ("eth_getBlockByNumber", Fault(503, b"<html>"), "status 503"),
        ("eth_getLogs", Fault(429, b"{}", {"Retry-After": "7"}), "status 429"),
        ("eth_getLogs", Fault(200, b"{}"), "JSON-RPC"),
        (
            "eth_getLogs",
            Fault(200, rb'{"error": {"code": 1, "message": "no\u0000 \ud800way"}}'),
            "no way",
        ),
    ],
)
def test_a_node_that_fails_is_asked_again_and_shows(watch, liar, method, fault, said):
    watched = watch(liar.url)
    watched.mint()
    liar.faults_of[method] = [fault] * 10
    watched.look()
    assert said in watched.column("watch_error")
    assert watched.tokens() == []
    assert watched.work_left() == {"watch_chain"}
    liar.faults_of.clear()
    for _ in range(2):
        watched.look()
    assert len(watched.tokens()) == 1
    assert watched.column("watch_error") is None


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("eth_getBlockByNumber", {"number": "0x1" + "0" * 16, "hash": "0x" + "1" * 64}),
        ("eth_call", "0x" + "f" * 64),  # as after a mint of 2^255 tokens
    ],
)
def test_numbers_that_cannot_be_are_not_believed(watch, liar, method, said):
    watched = watch(liar.url)
    watched.mint()
    liar.answers[method] = lambda *_: said
    watched.look()
    assert "impossibly large" in watched.column("watch_error")
    assert watched.column("watch_failures") == 1
    liar.answers.clear()
    watched.look()
    assert len(watched.tokens()) == 1


def test_of_any_number_of_missing_tokens_some_are_asked_for_at_once(watch, liar):
    watched = watch(liar.url)
    watched.mint()
    liar.answers["eth_call"] = lambda call, _: (
        "0x" + "0" * 64 if call["data"].startswith(PROMPT_AUTHOR) else hex(2**50)
    )
    for _ in range(4):
        watched.look()
    assert "contradicts itself" in watched.column("watch_error")
    assert len(liar.asked("eth_call")) < 6_000


@pytest.mark.parametrize(
    "logs",
    [
        None,
        {},
        [1, None, "x", [], {}],
        [{"topics": [MINTED], "address": "0x" + "1" * 40}],
    ],
    ids=str,
)
def test_logs_that_are_none_are_no_mints(watch, liar, logs):
    watched = watch(liar.url)
    liar.answers["eth_getLogs"] = lambda _: logs
    watched.look()
    assert watched.tokens() == []
    assert (watched.column("watch_error") is None) == isinstance(logs, list)


def test_another_chain_is_not_read(watch):
    watched = watch(chain_id=1)
    watched.mint()
    watched.look()
    assert "chain 31337" in watched.column("watch_error")
    assert watched.tokens() == []


def test_without_a_node_a_collection_waits_and_says_so(watch):
    watched = watch(None)
    watched.look()
    assert watched.column("watch_error") == "CHAIN_RPC_URL is not set."


def test_a_collection_that_is_paused_is_left_alone_and_goes_on_where_it_was(watched, owner):
    watched.mint()
    owner.execute("UPDATE collections SET status = 'paused'")
    watched.look()
    assert watched.tokens() == []
    assert watched.work_left() == set()
    watched.mint()
    owner.execute("UPDATE collections SET status = 'active'")
    watched.look()
    assert len(watched.tokens()) == 2


def test_authors_of_the_contract_are_asked_for_in_few_calls(watch, liar):
    watched = watch(liar.url)
    watched.mint(AUTHOR.address, 50)
    hide(liar, 1)
    for _ in range(5):
        watched.look()
    asked = [each for each in liar.asked("eth_call") if each[0]["data"].startswith(PROMPT_AUTHOR)]
    assert len(asked) == 50
    assert sum(len(calls) == 50 for calls in liar.requests) == 1
