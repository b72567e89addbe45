"""A real node of a chain on loopback: anvil, of the npm package @foundry-rs/anvil, with the
contract of `tests/chain/collection.vy`.

`make test-all` installs it if npm is there; without it, the tests that need it are skipped.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from webapp.clients.chain.abi import (
    IS_REVEALED,
    NEXT_TOKEN_ID,
    TOKEN_URI,
    call_data,
    checksum,
    text_in,
)
from webapp.clients.chain.node import Node, number, quantity

FOLDER = Path(__file__).parent / "chain"
CHAIN_ID = 31337
ETHER = 10**18
PRICE = 250_000_000_000_000  # wei for one token


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the node, with 10,000 ether and a key that everybody knows."""

    address: str
    key: str


# Of the mnemonic "test test test test test test test test test test test junk", which anvil uses.
DEPLOYER = Account(
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
)
KEEPER = Account(
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
)
MINTER = Account(
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
)
AUTHOR = Account(
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
)


@cache
def compiled() -> dict[str, Any]:
    """The contract's ABI, and its bytecode in hexadecimal."""
    found: dict[str, Any] = json.loads((FOLDER / "collection.json").read_text())
    return found


class Contract:
    """A contract on the node, with its own tokens from number 1 on. KEEPER is its keeper."""

    def __init__(self, node: Node, address: str, block: int) -> None:
        self.address = address
        self.block = block  # in which it was deployed
        self._node = node

    def mint(self, author: str = AUTHOR.address, count: int = 1) -> str:
        """Send the mint of some tokens; returns the transaction, which the next block has."""
        return self.send(
            MINTER, "mint(address,uint256)", int(author, 16), count, value=PRICE * count
        )

    def send(self, sender: Account, function: str, *numbers: int, value: int = 0) -> str:
        """Send a call of a function that takes numbers or addresses; returns the transaction."""
        call = {
            "from": sender.address,
            "to": self.address,
            "data": call_data(selector(function), *numbers),
            "value": quantity(value),
            "gas": quantity(12_000_000),
        }
        return str(self._node.call("eth_sendTransaction", call))

    def ask(self, data: str, block: str = "latest") -> str:
        """What a call returns. Raises `NodeError`."""
        return str(self._node.call("eth_call", {"to": self.address, "data": data}, block))

    def next_token_id(self) -> int:
        return number(self.ask(NEXT_TOKEN_ID))

    def is_revealed(self, token_id: int) -> bool:
        return bool(number(self.ask(call_data(IS_REVEALED, token_id))))

    def uri(self, token_id: int) -> str:
        return text_in(self.ask(call_data(TOKEN_URI, token_id)))


class Anvil:
    """The node at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.node = Node(url)

    def deploy(self, keeper: str = KEEPER.address) -> Contract:
        """A new contract, in a block of its own, with `keeper` as its keeper."""
        from eth_abi.abi import encode

        types = ["string", "string", "string", "uint256"]
        values = ["Season", "S0", "ipfs://placeholder", PRICE]
        data = compiled()["bytecode"] + encode(types, values).hex()
        receipt = self._mined({"from": DEPLOYER.address, "data": data, "gas": quantity(5_000_000)})
        contract = Contract(
            self.node, checksum(receipt["contractAddress"]), number(receipt["blockNumber"])
        )
        role = int(hash_of(b"KEEPER_ROLE"), 16)
        self.receipt(contract.send(DEPLOYER, "grantRole(bytes32,address)", role, int(keeper, 16)))
        return contract

    def receipt(self, transaction: str) -> dict[str, Any]:
        """The receipt of a transaction, which must have succeeded; mines it if nobody did."""
        found = self.node.call("eth_getTransactionReceipt", transaction)
        if found is None:
            self.mine()
            found = self.node.call("eth_getTransactionReceipt", transaction)
        assert found is not None, f"{transaction} is in no block"
        assert found["status"] == "0x1", f"{transaction} was reverted"
        return dict(found)

    def mine(self, blocks: int = 1) -> None:
        """Make blocks, the first of them with all that waits."""
        self.node.call("anvil_mine", quantity(blocks))

    def reorg(
        self, depth: int, transactions: Sequence[tuple[dict[str, Any] | str, int]] = ()
    ) -> None:
        """Replace the newest blocks by as many others, which have only `transactions`, each with
        the index of its block. What was in the old ones is lost, and nowhere waits."""
        self.node.call("anvil_reorg", depth, [list(each) for each in transactions])

    def head(self) -> int:
        return number(self.node.call("eth_blockNumber"))

    def mines_by_itself(self, *, on: bool) -> None:
        """Whether each transaction is put into a block as it comes."""
        self.node.call("evm_setAutomine", on)

    def set_base_fee(self, wei: int) -> None:
        """Of the next block."""
        self.node.call("anvil_setNextBlockBaseFeePerGas", quantity(wei))

    def set_balance(self, address: str, wei: int) -> None:
        self.node.call("anvil_setBalance", address, quantity(wei))

    def nonce(self, address: str, block: str = "latest") -> int:
        return number(self.node.call("eth_getTransactionCount", address, block))

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What happens to the chain meanwhile is undone."""
        before = self.node.call("evm_snapshot")
        try:
            yield
        finally:
            self.node.call("evm_revert", before)

    def _mined(self, transaction: dict[str, Any]) -> dict[str, Any]:
        return self.receipt(self.node.call("eth_sendTransaction", transaction))


def program() -> str | None:
    """Where anvil is; None if it is not installed."""
    found = sorted((FOLDER / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    return str(found[0]) if found else None


@contextmanager
def anvil(*arguments: str, port: int = 0) -> Iterator[Anvil]:
    """A node, which puts each transaction into a block as it comes, unless `arguments` say
    otherwise. Skips the test if it is not installed."""
    found = program()
    if found is None:
        pytest.skip("the chain's node is not installed: npm ci --prefix tests/chain")
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [found, "--port", str(port), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            # It says where it listens when it does, after much else.
            for line in process.stdout:
                if listening := re.search(r"Listening on (\S+:\d+)", line):
                    break
            else:
                complaints.seek(0)
                pytest.fail(f"The chain's node did not start:\n{complaints.read()}")
            # It goes on to tell of each call, and would wait for somebody to read it.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            started = Anvil(f"http://{listening[1]}")
            yield started
            started.node.close()
        finally:
            process.kill()


def selector(signature: str) -> str:
    """The first bytes of a call of a function."""
    return hash_of(signature.encode())[:10]


def hash_of(data: bytes) -> str:
    from eth_hash.auto import keccak

    return "0x" + keccak(data).hex()
