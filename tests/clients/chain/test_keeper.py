"""The key that reveals: it signs as others do, and nothing shows it."""

from __future__ import annotations

import dataclasses
import json
import traceback

import pytest

from tests import accounts
from tests.anvil import CHAIN_ID, KEEPER
from webapp.clients.chain.fees import Fees
from webapp.clients.chain.keeper import KeyUnreadable, Order, keeper_of_key, keeper_of_keystore
from webapp.filing.keepers import OwnKeeper

PASSWORD = "nine owls under a copper moon"
ORDER = Order(CHAIN_ID, "0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x01020304", 90_000)


@pytest.fixture(scope="module")
def keystore():
    return json.dumps(accounts.Account.encrypt(KEEPER.key, PASSWORD, iterations=2))


def test_a_signature_is_of_the_account_for_this_chain_and_this_nonce():
    from hexbytes import HexBytes

    signed = keeper_of_key(KEEPER.key).sign(ORDER, nonce=7, fees=Fees(2_000, 10))
    assert accounts.Account.recover_transaction(signed.raw) == KEEPER.address
    told = accounts.TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()
    assert (told["chainId"], told["nonce"], told["value"]) == (CHAIN_ID, 7, 0)
    assert (told["maxFeePerGas"], told["maxPriorityFeePerGas"], told["gas"]) == (2_000, 10, 90_000)
    # The low one of the two forms that each signature has.
    assert told["s"] <= 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
    again = keeper_of_key(KEEPER.key).sign(ORDER, nonce=7, fees=Fees(2_000, 10))
    assert again == signed


def test_a_keystore_is_opened_by_its_password(keystore, settings, tmp_path):
    assert keeper_of_keystore(keystore, PASSWORD).address == KEEPER.address
    (tmp_path / "key.json").write_text(keystore)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    named = dataclasses.replace(
        settings,
        keeper_keystore=str(tmp_path / "key.json"),
        keeper_password_file=str(tmp_path / "password"),
    )
    assert OwnKeeper(named).get().address == KEEPER.address


def failure(call) -> str:
    """All that an error tells, with those that caused it."""
    with pytest.raises(KeyUnreadable) as failed:
        call()
    return "".join(traceback.format_exception(failed.value))


def test_nothing_shows_a_key_or_a_password(keystore, settings, tmp_path):
    digits = KEEPER.key.removeprefix("0x")
    keeper = keeper_of_key(KEEPER.key)
    own = OwnKeeper(dataclasses.replace(settings, keeper_key=KEEPER.key))
    own.get()
    wrong = dataclasses.replace(
        settings, keeper_keystore=str(tmp_path / "none"), keeper_password_file=str(tmp_path)
    )
    shown = [
        *(
            repr(keeper),
            repr(own),
            str(keeper),
            repr(dataclasses.replace(settings, keeper_key=digits)),
        ),
        failure(lambda: keeper_of_key(digits * 2)),
        failure(lambda: keeper_of_keystore(keystore, PASSWORD + "!")),
        failure(lambda: keeper_of_keystore("{}", PASSWORD)),
        failure(OwnKeeper(wrong).get),
        failure(OwnKeeper(settings).get),
    ]
    assert [each for each in shown if digits[:20] in each or PASSWORD in each] == []
