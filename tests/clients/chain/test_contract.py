"""What is known about the contract, and the contract itself, on a real node."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.anvil import AUTHOR, CHAIN_ID, FOLDER, KEEPER, MINTER, PRICE, compiled, hash_of, selector
from webapp.clients.chain import abi
from webapp.clients.chain.node import NodeError, number

TOPICS = {
    "MINTED": "BatchMinted(address,address,uint256,uint256,uint256)",
    "REVEALED": "TokensRevealed(uint256[])",
}
SELECTORS = {
    "NEXT_TOKEN_ID": "nextTokenId()",
    "PROMPT_AUTHOR": "tokenPromptAuthor(uint256)",
    "IS_REVEALED": "isRevealed(uint256)",
    "TOKEN_URI": "tokenURI(uint256)",
    "REVEAL_TOKENS": "revealTokens(uint256[],string[])",
    "ALREADY_REVEALED": "AlreadyRevealed(uint256)",
}


def signature(entry):
    return f"{entry['name']}({','.join(each['type'] for each in entry['inputs'])})"


def test_constants_are_hashes_of_what_they_name_and_in_the_contract():
    topics = {name: hash_of(text.encode()) for name, text in TOPICS.items()}
    selectors = {name: selector(text) for name, text in SELECTORS.items()}
    known = {**topics, **selectors}
    assert {name: getattr(abi, name) for name in known} == known
    named = {signature(each) for each in compiled()["abi"] if each["type"] in ("function", "event")}
    assert {*TOPICS.values(), *SELECTORS.values()} - {"AlreadyRevealed(uint256)"} <= named


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_addresses_are_kept_in_mixed_case(address):
    assert abi.checksum(address.lower()) == address
    assert abi.checksum(address.upper().replace("0X", "0x")) == address


@pytest.mark.parametrize(
    "wrong", ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "g" * 40]
)
def test_what_is_no_address_is_refused(wrong):
    assert not abi.is_address(wrong)
    with pytest.raises(ValueError, match="40 hexadecimal digits"):
        abi.checksum(wrong)


def test_calls_are_written_and_texts_are_read_as_eth_abi_does():
    from eth_abi.abi import encode

    assert (
        abi.call_data("0x01020304", 7, 255)
        == "0x01020304" + encode(["uint256"] * 2, [7, 255]).hex()
    )
    for text in ("", "ipfs://bafy", "é" * 100):
        assert abi.text_in("0x" + encode(["string"], [text]).hex()) == text
    for wrong in ("0x", "0x" + "00" * 32, "0x" + "ff" * 96):
        with pytest.raises(ValueError, match="not a text"):
            abi.text_in(wrong)
    assert abi.word("0x" + encode(["uint256"] * 2, [7, 255]).hex(), 1) == 255
    with pytest.raises(ValueError, match="too short"):
        abi.word("0x", 0)


def test_the_contract_is_what_its_source_compiles_to():
    compiler = pytest.importorskip("vyper", reason="vyper is not installed")
    assert compiler.__version__ == compiled()["compiler"]
    compile_code = import_module("vyper.compiler").compile_code
    source = (FOLDER / "collection.vy").read_text()
    made = compile_code(source, output_formats=["abi", "bytecode"])
    assert (made["abi"], made["bytecode"]) == (compiled()["abi"], compiled()["bytecode"])


def test_tokens_are_minted_and_each_is_revealed_once_by_the_keeper(anvil):
    contract = anvil.deploy()
    assert number(anvil.node.call("eth_chainId")) == CHAIN_ID
    receipt = anvil.receipt(contract.mint(count=3))
    (log,) = [each for each in receipt["logs"] if each["topics"][0] == abi.MINTED]
    assert [int(topic, 16) for topic in log["topics"][1:]] == [
        int(MINTER.address, 16),
        int(AUTHOR.address, 16),
        1,
    ]
    assert [abi.word(log["data"], index) for index in (0, 1)] == [3, 3 * PRICE]
    assert contract.next_token_id() == 4
    assert contract.uri(2) == "ipfs://placeholder"

    reveal = {"to": contract.address, "data": abi.reveal_data([1, 3], ["ipfs://a", "ipfs://b"])}
    with pytest.raises(NodeError) as refused:
        anvil.node.call("eth_estimateGas", {"from": MINTER.address, **reveal})
    assert (refused.value.data or "").startswith(
        selector("AccessControlUnauthorizedAccount(address,bytes32)")
    )
    by_keeper = {"from": KEEPER.address, **reveal}
    receipt = anvil.receipt(anvil.node.call("eth_sendTransaction", by_keeper))
    assert receipt["logs"][0]["topics"] == [abi.REVEALED]
    assert [contract.is_revealed(each) for each in (1, 2, 3)] == [True, False, True]
    assert contract.uri(3) == "ipfs://b"
    with pytest.raises(NodeError) as refused:
        anvil.node.call("eth_estimateGas", by_keeper)
    assert refused.value.data == abi.call_data(abi.ALREADY_REVEALED, 1)


def test_a_reorganisation_takes_what_was_in_the_blocks(anvil):
    contract = anvil.deploy()
    contract.mint()
    anvil.mine(2)
    assert contract.next_token_id() == 2
    head = anvil.head()
    anvil.reorg(head - contract.block - 1)
    assert contract.next_token_id() == 1
    assert anvil.head() == head
