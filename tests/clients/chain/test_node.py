"""A node of a chain, as it is and as it fails."""

from __future__ import annotations

import json

import pytest

from tests.fakes.node import FakeNode, Fault, Refused, fake_node
from webapp.clients.chain.abi import IS_REVEALED
from webapp.clients.chain.collection import revealed_in
from webapp.clients.chain.node import Node, NodeError, first_error, hexadecimal, number, quantity
from webapp.failure import NotNow


@pytest.fixture
def fake():
    with fake_node() as started:
        started.answers["eth_blockNumber"] = lambda: "0x10"
        started.answers["eth_getTransactionReceipt"] = lambda _: None
        yield started


@pytest.fixture
def node(fake: FakeNode):
    opened = Node(f"{fake.url}/v2/a-key-that-nobody-may-see?token=another-secret")
    yield opened
    opened.close()


def failure(node: Node, method: str = "eth_blockNumber") -> NodeError:
    with pytest.raises(NodeError) as failed:
        node.call(method)
    return failed.value


def test_a_call_gives_what_the_node_answers(node, fake):
    assert number(node.call("eth_blockNumber")) == 16
    assert node.call("eth_getTransactionReceipt", "0x01") is None
    assert fake.asked("eth_getTransactionReceipt") == [["0x01"]]


def test_a_batch_is_one_request_whose_answers_come_in_any_order(node, fake):
    fake.answers["eth_call"] = lambda call, _: call["data"]
    calls = [("eth_call", [{"data": hex(n)}, "latest"]) for n in range(40)]
    assert node.batch(calls) == [hex(n) for n in range(40)]
    assert len(fake.requests) == 1


def test_one_wrong_call_of_a_batch_spoils_no_other(node, fake):
    answers = node.batch([("eth_blockNumber", []), ("no_such", []), ("eth_blockNumber", [])])
    assert (answers[0], answers[2]) == ("0x10", "0x10")
    with pytest.raises(NodeError, match="does not exist"):
        first_error(answers)


@pytest.mark.parametrize("limit", [1, 3, 16])
def test_a_node_that_takes_fewer_calls_at_once_gets_as_many_as_it_takes(node, fake, limit):
    fake.batch_limit = limit
    fake.answers["eth_call"] = hex
    for _ in range(2):
        fake.requests.clear()
        assert node.batch([("eth_call", [n]) for n in range(20)]) == [hex(n) for n in range(20)]
    assert max(len(each) for each in fake.requests) <= limit  # which it remembers


def test_a_batch_that_is_too_large_for_a_server_in_front_is_sent_in_parts(node, fake):
    fake.faults = [Fault(413, b"<html>Request Entity Too Large</html>")]
    assert node.batch([("eth_blockNumber", [])] * 4) == ["0x10"] * 4


def test_what_a_contract_refuses_a_call_with_is_kept(node, fake):
    def refuse(data):
        def answer(*_):
            raise Refused("execution reverted: AlreadyRevealed", 3, data)

        return answer

    for data in ("0xA3a57894", {"data": "0xa3a57894"}, {"originalError": {"data": "0xa3a57894"}}):
        fake.answers["eth_estimateGas"] = refuse(data)
        error = failure(node, "eth_estimateGas")
        assert (error.code, error.data, error.permanent) == (3, "0xa3a57894", True)


@pytest.mark.parametrize(
    ("fault", "said", "permanent", "retry_after"),
    [
        (Fault(None), "closed the connection early", False, None),
        (Fault(200, b"<html>Just a moment</html>"), "something else than JSON", False, None),
        (Fault(200, b"null"), "something else than JSON", False, None),
        (Fault(502, b"<html>Bad gateway</html>"), "status 502", False, None),
        (Fault(401, b"no"), "status 401", True, None),
        (Fault(429, b"", {"Retry-After": "7"}), "status 429", False, 7.0),
        (
            Fault(
                429,
                b'{"jsonrpc":"2.0","id":1,"error":{"code":429,"message":"exceeded its capacity"}}',
                {"Retry-After": "3"},
            ),
            "exceeded its capacity",
            False,
            3.0,
        ),
        (
            Fault(200, b'{"id":1,"error":{"code":-32005,"message":"limit exceeded"}}'),
            "limit exceeded",
            False,
            None,
        ),
        (Fault(200, b'{"id":1,"error":"overloaded"}'), "overloaded", False, None),
        (Fault(200, b'{"id":1}'), "no reason", False, None),
    ],
)
def test_what_is_no_answer_says_what_it_is(node, fake, fault, said, permanent, retry_after):
    fake.faults = [fault]
    error = failure(node)
    assert said in str(error)
    assert (error.permanent, error.retry_after) == (permanent, retry_after)
    assert number(node.call("eth_blockNumber")) == 16


def test_an_answer_that_is_left_out_of_a_batch_is_an_error_of_that_call_only(node, fake):
    fake.faults = [
        Fault(200, json.dumps([{"id": 2, "result": "0x1"}, {"id": 99}, {"id": []}, 7]).encode())
    ]
    first, second = node.batch([("eth_blockNumber", []), ("eth_blockNumber", [])])
    assert isinstance(first, NodeError)
    assert second == "0x1"


def test_a_limit_that_a_batch_meets_is_not_taken_for_one_of_its_length(node, fake):
    limited = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too many requests"}}'
    fake.faults = [Fault(429, limited, {"Retry-After": "2"})]
    with pytest.raises(NodeError) as failed:
        node.batch([("eth_blockNumber", [])] * 4)
    assert failed.value.retry_after == 2.0
    assert len(fake.requests) == 1


def test_a_node_of_another_chain_is_refused_and_asked_once(node, fake):
    fake.answers["eth_chainId"] = lambda: "0x7a69"
    node.expect(31337)
    node.expect(31337)
    with pytest.raises(NodeError, match="chain 31337, and not of chain 8453"):
        node.expect(8453)
    assert len(fake.asked("eth_chainId")) == 1


def test_no_key_in_the_address_is_shown(node, fake):
    def refuse():
        raise Refused("a-key-that-nobody-may-see is not valid, nor another-secret, \n sorry")

    fake.answers["eth_blockNumber"] = refuse
    shown = f"{failure(node)} {failure(node)!r} {node!r} {node}"
    assert "sorry" in shown
    assert "nobody-may-see" not in shown
    assert "another-secret" not in shown


def test_numbers_and_bytes_are_read_strictly():
    assert number("0x0") == 0
    assert quantity(255) == "0xff"
    assert hexadecimal("0xAB") == "0xab"
    assert hexadecimal("0x" + "0" * 64, 32)
    for wrong in (None, 5, "", "0x", "12", "0xg", "-0x1", "0x" + "f" * 65, True, ["0x1"]):
        with pytest.raises(NodeError):
            number(wrong)
    for wrong in (None, "0xa", "ab", "0xzz"):
        with pytest.raises(NodeError):
            hexadecimal(wrong)
    with pytest.raises(NodeError):
        hexadecimal("0xab", 2)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"ipfs://x", "ipfs://x"),
        (b"a\0b", "a\ufffdb"),
        (b"\xff", ""),
        (b"x" * 9_000, "x" * 500),
        (None, ""),
        (7, ""),
    ],
)
def test_addresses_of_metadata_are_kept_as_far_as_they_can_be(node, fake, said, kept):
    text = f"0x{32:064x}{len(said):064x}{said.hex():0<64}" if isinstance(said, bytes) else said
    fake.answers["eth_call"] = lambda call, _: (
        f"0x{1:064x}" if call["data"].startswith(IS_REVEALED) else text
    )
    assert revealed_in(node, "0x" + "1" * 40, [3], 9) == {3: kept}


class Turns:
    """What is asked of it, and whether it is anybody's turn."""

    def __init__(self):
        self.calls = []
        self.held = []
        self.next_in = 0.0

    def take(self, calls):
        if self.next_in:
            raise NotNow(self.next_in)
        self.calls.append(calls)

    def hold(self, seconds):
        self.held.append(seconds)

    def close(self):
        pass


@pytest.fixture
def turns():
    return Turns()


@pytest.fixture
def limited(fake: FakeNode, turns):
    opened = Node(fake.url, turns)
    yield opened
    opened.close()


def test_each_call_of_a_batch_takes_a_turn(limited, turns):
    limited.call("eth_blockNumber")
    limited.batch([("eth_blockNumber", [])] * 5)
    assert (turns.calls, turns.held) == ([1, 5], [])


def test_nothing_is_asked_before_its_turn(limited, turns, fake):
    turns.next_in = 40.0
    error = failure(limited)
    assert (error.retry_after, error.permanent, fake.requests) == (40.0, False, [])
    assert "again in 40 seconds" in str(error)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault(429, b"", {"Retry-After": "7"}), 7),
        (Fault(429, b'{"jsonrpc": "2.0", "id": 1, "error": {"message": "capacity"}}'), 2),
    ],
)
def test_a_node_that_was_asked_too_often_is_left_alone_by_all(limited, turns, fake, fault, seconds):
    fake.faults = [fault]
    assert failure(limited).asked_too_often
    assert turns.held == [seconds]


def test_one_call_of_a_batch_that_was_too_many_is_enough(limited, turns, fake):
    def refuse():
        raise Refused("exceeded its compute units per second capacity", 429)

    fake.answers["eth_blockNumber"] = refuse
    limited.batch([("eth_blockNumber", []), ("eth_getTransactionReceipt", ["0x01"])])
    assert turns.held == [2]


def test_other_errors_hold_nobody_up(limited, turns, fake):
    fake.faults = [Fault(503), Fault(None)]
    for _ in range(2):
        assert not failure(limited).asked_too_often
    assert turns.held == []
