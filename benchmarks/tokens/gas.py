"""Gas for revealing a token: by itself and in batches, with long and short addresses.

    python -m benchmarks.tokens.gas

Of the contract in tests/chain. Others take more for each token, and save as much.
"""

from __future__ import annotations

import sys
import uuid

from benchmarks.tokens.running import table
from tests.anvil import KEEPER, anvil
from tests.season import cid_of
from webapp.clients.chain.abi import reveal_data
from webapp.clients.chain.node import number
from webapp.rules.tokens.uri import uri_of

BATCHES = (1, 5, 10, 25, 50)
FORMS = ("base32", "base58")
BOUND = 0.66


def main() -> int:
    """Print the table; 1 if batches of fifty with short addresses miss their bound."""
    gas = {}
    with anvil() as node:
        contract = node.deploy(KEEPER.address)
        first = 1
        for form in FORMS:
            for size in BATCHES:
                node.receipt(contract.mint(count=size))
                numbers = range(first, first + size)
                first += size
                uris = [uri_of(cid_of(uuid.UUID(int=7), each), form) for each in numbers]
                call = {"from": KEEPER.address, "to": contract.address}
                call["data"] = reveal_data(numbers, uris)
                receipt = node.receipt(node.node.call("eth_sendTransaction", call))
                gas[form, size] = number(receipt["gasUsed"]) / size
    single = gas["base32", 1]
    table(
        ["tokens at once", *(f"{form}, × {single:,.0f}" for form in FORMS)],
        [
            [size, *(f"{gas[form, size]:,.0f} ({gas[form, size] / single:.3f})" for form in FORMS)]
            for size in BATCHES
        ],
    )
    return int(gas["base58", 50] > BOUND * single)


if __name__ == "__main__":
    sys.exit(main())
