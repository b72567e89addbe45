"""Signatures of wallets, against the libraries' own and contracts on a real node."""

from __future__ import annotations

import pytest

from tests import accounts
from tests.anvil import AUTHOR, CHAIN_ID, Anvil
from webapp.clients.chain.abi import checksum
from webapp.clients.chain.node import NodeError
from webapp.clients.chain.signatures import is_by_contract, is_by_key

TEXT = "Ein Leuchtturm aus Glas. 灯台\n🗼"
WALLET = checksum("0x" + "12" * 20)
# A wallet for which the signature of a text is the text's own digest: it compares the words at 4
# and at 100 of the call, and returns 0x1626ba7e or 0 as the first bytes of a word.
ACCEPTS_THE_DIGEST = "0x60043560643514631626ba7e0260e01b5f5260205ff3"
# Others: one that returns nothing, one that reverts, one that never ends, one that is no code.
OTHERS = ("0x00", "0x5f5ffd", "0x5b5f56", "0xfe")


@pytest.fixture
def wallet(anvil: Anvil):
    """Puts a contract at an address."""

    def put(code):
        anvil.node.call("anvil_setCode", WALLET, code)
        return anvil.node

    yield put
    anvil.node.call("anvil_setCode", WALLET, "0x")


def test_a_key_signs_what_others_sign_with_it():
    signed = accounts.Account.sign_message(accounts.encode_defunct(text=TEXT), AUTHOR.key).signature
    assert is_by_key(TEXT, bytes(signed), AUTHOR.address)
    assert not is_by_key(TEXT + " ", bytes(signed), AUTHOR.address)
    assert not is_by_key(TEXT, bytes(signed), WALLET)


def test_a_contract_is_shown_the_digest_and_the_whole_signature(wallet):
    node = wallet(ACCEPTS_THE_DIGEST)
    digest = bytes(accounts.defunct_hash_message(text=TEXT))
    assert is_by_contract(node, TEXT, digest, WALLET)
    assert is_by_contract(node, TEXT, digest + b"x" * 1000, WALLET)
    assert not is_by_contract(node, TEXT + " ", digest, WALLET)
    assert not is_by_contract(node, TEXT, digest[1:] + b"x", WALLET)


@pytest.mark.parametrize("code", OTHERS)
def test_a_contract_that_does_not_say_yes_says_no(wallet, code):
    assert not is_by_contract(wallet(code), TEXT, b"x", WALLET)


def test_a_wallet_without_code_has_signed_nothing(anvil):
    assert not is_by_contract(anvil.node, TEXT, bytes(65), AUTHOR.address)


def test_a_node_of_another_chain_is_not_asked(anvil):
    with pytest.raises(NodeError, match="not of chain 8453"):
        anvil.node.expect(8453)
    anvil.node.expect(CHAIN_ID)
