"""Deploy the contract of `tests/chain`, and mint tokens of it, on any chain.

CHAIN_RPC_URL names the node, SENDER_KEY the account that pays. The contract was not audited: it is
for local nodes and test nets.

    python -m demos.collection deploy --keeper 0x…
    python -m demos.collection mint CONTRACT AUTHOR [--count 3]
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from demos.failure import DemoError, expect
from tests.anvil import compiled, hash_of, selector
from webapp.clients.chain.abi import call_data, checksum, is_address
from webapp.clients.chain.node import Node, NodeError, number, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

_RECEIPT_SECONDS: Final = 180
_MINT_PRICE: Final = selector("mintPrice()")


class _Address(click.ParamType[str]):
    """0x and 40 hexadecimal digits, in small letters or with the right checksum."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_address(value) or value not in (checksum(value), value.lower()):
            self.fail(f"{value!r} is not an address, or misspelt.", param, ctx)
        return checksum(value)


@click.group(help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
@click.option("--keeper", required=True, type=_Address(), help="May reveal its tokens.")
@click.option("--name", default="Season", show_default=True)
@click.option("--symbol", default="S0", show_default=True)
@click.option("--placeholder", default="ipfs://placeholder", help="The URI until the reveal.")
@click.option("--price", default=250_000_000_000_000, show_default=True, help="Of a token, in wei.")
def deploy(*, keeper: str, name: str, symbol: str, placeholder: str, price: int) -> None:
    """Deploy the contract, and give a keeper its role; prints the contract's address."""
    from eth_abi.abi import encode

    types = ["string", "string", "string", "uint256"]
    data = compiled()["bytecode"] + encode(types, [name, symbol, placeholder, price]).hex()
    sender = Sender()
    contract = checksum(sender.send({"data": data})["contractAddress"])
    role = int(hash_of(b"KEEPER_ROLE"), 16)
    granted = call_data(selector("grantRole(bytes32,address)"), role, int(keeper, 16))
    sender.send({"to": contract, "data": granted})
    click.echo(contract)


@command.command()
@click.argument("contract", type=_Address())
@click.argument("author", type=_Address())
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 50))
def mint(*, contract: str, author: str, count: int) -> None:
    """Mint tokens for an author; prints the transaction."""
    sender = Sender()
    price = number(sender.node.call("eth_call", {"to": contract, "data": _MINT_PRICE}, "latest"))
    data = call_data(selector("mint(address,uint256)"), int(author, 16), count)
    receipt = sender.send({"to": contract, "data": data}, value=price * count)
    click.echo(receipt["transactionHash"])


class Sender:
    """The account of SENDER_KEY at the node of CHAIN_RPC_URL. Raises DemoError."""

    def __init__(self) -> None:
        from eth_account import Account

        expect(os.environ.get("CHAIN_RPC_URL"), "Set CHAIN_RPC_URL to the address of a node.")
        expect(os.environ.get("SENDER_KEY"), "Set SENDER_KEY to the key of the account that pays.")
        self.node = Node(os.environ["CHAIN_RPC_URL"])
        try:
            self._account = Account.from_key(os.environ["SENDER_KEY"])
        except ValueError:
            raise DemoError("SENDER_KEY is not 64 hexadecimal digits.") from None

    def send(self, told: Mapping[str, str], value: int = 0) -> dict[str, Any]:
        """Send a transaction; its receipt. Raises DemoError and NodeError."""
        ask, sender = self.node.call, self._account.address
        asked = {"from": sender, "value": quantity(value), **told}
        tip = number(ask("eth_maxPriorityFeePerGas"))
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": number(ask("eth_chainId")),
                "nonce": number(ask("eth_getTransactionCount", sender, "pending")),
                "gas": number(ask("eth_estimateGas", asked)) * 5 // 4,
                "maxFeePerGas": 2 * number(ask("eth_gasPrice")) + tip,
                "maxPriorityFeePerGas": tip,
                "value": value,
                **told,
            }
        )
        sent = ask("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
        deadline = time.monotonic() + _RECEIPT_SECONDS
        while (receipt := ask("eth_getTransactionReceipt", sent)) is None:
            expect(time.monotonic() < deadline, f"{sent} is in no block yet.")
            time.sleep(0.5)
        expect(receipt["status"] == "0x1", f"{sent} was reverted.")
        return dict(receipt)


if __name__ == "__main__":
    try:
        command()
    except (DemoError, NodeError) as error:
        sys.exit(str(error))
