"""`make tokens-demo`: ten tokens, from their mints to their pictures on a chain.

It starts a chain and a Coffer of its own, does what a creator, an author, a buyer and Alchemy do,
and checks all that comes of it. Nothing is left running; the pictures are in `.dev/tokens-demo/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from demos import signals
from demos.coffer import PROJECT, Coffer, coffer
from demos.failure import DemoError, expect
from sql.server import ServerError
from tests import anvil as chain
from tests.blueprints.tokens import alchemy
from webapp.clients.chain.abi import MINTED
from webapp.clients.chain.node import NodeError, number
from webapp.clients.ipfs.cid import DEFAULT_PROFILE, PROFILES, cid_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.anvil import Anvil, Contract

PROMPT: Final = "a striped planet among stars and violet nebulas"
DEFAULT_PROMPT: Final = "hills in the morning mist"
# Tokens for the author with a prompt, and for one without.
QUANTITIES: Final = {chain.AUTHOR.address: 7, chain.MINTER.address: 3}
TOKENS: Final = sum(QUANTITIES.values())
STEPS: Final = ("detected", "generating", "uploading", "ready", "revealed")
BLOCK_SECONDS: Final = 1
CONFIRMATIONS: Final = 2
MOST_SECONDS: Final = 120

_NO_NODE: Final = (
    "npm ci --prefix tests/chain has not installed the chain's node (@foundry-rs/anvil)."
)
_NO_NPM: Final = (
    "npm is missing, which installs the chain's node (@foundry-rs/anvil): install Node.js."
)


def main(folder: Path) -> None:
    """Tell the whole story, and leave the pictures and Coffer's log in a folder. Raises
    DemoError."""
    expect(chain.program() or shutil.which("npm"), _NO_NPM)
    expect(chain.program(), _NO_NODE)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    with _world(folder / "coffer.log") as (node, web):
        contract = node.deploy()
        say(f"The contract is at {contract.address}; its keeper is {chain.KEEPER.address}.")
        collection = register(web, contract)
        set_prompt(web)
        for author, quantity in QUANTITIES.items():
            deliver(web, mint(node, contract, author, quantity))
        wait_until_revealed(web, collection)
        tokens = web.get(f"/api/tokens?collection_id={collection}&limit=100").json()["items"]
        expect(len(tokens) == TOKENS, f"{len(tokens)} tokens are listed in place of {TOKENS}.")
        for token in sorted(tokens, key=lambda each: each["token_id"]):
            form, picture = check_token(web, contract, token)
            (folder / f"{token['token_id']}.{form.lower()}").write_bytes(picture)
        say(f"All {TOKENS} are on the chain, and their files have the addresses that it names.")
        tell_reveals(web)
        tell_timeline(web, tokens[-1])
    say(f"Done in {time.monotonic() - began:.0f} s. The pictures are in {folder}.")


@contextlib.contextmanager
def _world(log: Path) -> Iterator[tuple[Anvil, Coffer]]:
    """A chain and a Coffer, both of which are stopped in the end, whatever happens."""
    settings = {
        "CHAIN_POLL_SECONDS": str(BLOCK_SECONDS),
        "ALCHEMY_WEBHOOK_SECRETS": alchemy.SECRET,
        "KEEPER_KEY": chain.KEEPER.key,
    }
    with contextlib.ExitStack() as ours:
        node = ours.enter_context(chain.anvil("--block-time", str(BLOCK_SECONDS)))
        say(f"A chain runs at {node.url}, with a block each second.")
        web = ours.enter_context(coffer(log, CHAIN_RPC_URL=node.url, **settings))
        ours.callback(signals.ignore)
        say(f"A Coffer of its own runs at http://localhost:{web.port}.")
        yield node, web


def register(web: Coffer, contract: Contract) -> str:
    """Add the collection, as its operator does; its id."""
    workspace = web.get("/api/workspaces").json()["items"][0]["id"]
    given = {
        "workspace": workspace,
        "contract": contract.address,
        "name": "Season #{n}",
        "prompt": DEFAULT_PROMPT,
        "keeper": chain.KEEPER.address,
        "mint-confirmations": str(CONFIRMATIONS),
        "reveal-confirmations": str(CONFIRMATIONS),
    }
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    added = web.command("collection", "add", *options)
    say(f"`coffer collection add` has registered it as {added}.")
    return added


def set_prompt(web: Coffer) -> None:
    """Have the author sign a prompt."""
    from eth_account import Account
    from eth_account.messages import encode_defunct

    author = f"/api/authors/{chain.AUTHOR.address}"
    digest = hashlib.sha256(PROMPT.encode()).hexdigest()
    message = web.get(f"{author}/prompt-message?prompt_sha256={digest}").json()["message"]
    signed = Account.sign_message(encode_defunct(text=message), chain.AUTHOR.key)
    said = {
        "wallet_address": chain.AUTHOR.address,
        "prompt_text": PROMPT,
        "message": message,
        "signature": "0x" + bytes(signed.signature).hex(),
    }
    web.post("/api/authors/prompt", said).json()
    say(f"The author {chain.AUTHOR.address} has signed a prompt: {PROMPT}.")


def mint(node: Anvil, contract: Contract, author: str, quantity: int) -> dict[str, Any]:
    """Mint tokens for an author; the message in which Alchemy tells of it."""
    receipt = node.receipt(contract.mint(author, quantity))
    say(f"{quantity} tokens were minted for {author}, in block {number(receipt['blockNumber'])}.")
    logs = [
        {
            "account": {"address": log["address"]},
            "topics": log["topics"],
            "data": log["data"],
            "index": number(log["logIndex"]),
            "transaction": {"hash": log["transactionHash"], "status": 1},
        }
        for log in receipt["logs"]
        if log["topics"][0] == MINTED
    ]
    message = alchemy.graphql(*logs, number=number(receipt["blockNumber"]))
    message["event"]["data"]["block"]["hash"] = receipt["blockHash"]
    return message


def deliver(web: Coffer, message: dict[str, Any]) -> None:
    """Deliver a message as Alchemy does; and twice, and with a wrong signature."""
    body = json.dumps(message).encode()
    headers = alchemy.signed(body)
    told = web.call("POST", "/webhooks/alchemy", body, headers).json()
    expect(told["status"] in ("taken", "known"), f"The webhook was answered by {told}.")
    again = web.call("POST", "/webhooks/alchemy", body, headers).json()
    expect((again["tokens"], again["duplicates"]) == (0, 1), f"The second time: {again}.")
    forged = web.call("POST", "/webhooks/alchemy", body, alchemy.signed(body, "another"))
    expect(forged.status == 401, f"A forged webhook was answered by {forged.status}.")
    was = "took its tokens" if told["status"] == "taken" else "came later than our own look"
    say(f"A signed webhook {was}; the same again added none, and a forged one was refused.")


def wait_until_revealed(web: Coffer, collection: str) -> None:
    """Wait for all tokens, and tell how they get on."""
    deadline, before = time.monotonic() + MOST_SECONDS, ""
    while True:
        counted = web.get(f"/api/tokens/stats?collection_id={collection}").json()["statuses"]
        told = ", ".join(f"{count} {status}" for status, count in counted.items() if count)
        if told != before:
            say(f"  {told}")
        before = told
        if counted["revealed"] == TOKENS:
            return
        expect(not counted["failed"], f"{counted['failed']} tokens have failed: see {web.log}.")
        expect(time.monotonic() < deadline, f"After {MOST_SECONDS} s: {told}. See {web.log}.")
        web.check()
        time.sleep(0.1)


def check_token(web: Coffer, contract: Contract, token: dict[str, Any]) -> tuple[str, bytes]:
    """Follow a token from the chain to its picture, as anybody's wallet does; the picture, and
    before it its format."""
    from PIL import Image, UnidentifiedImageError

    label = f"Token {token['token_id']}"
    uri = contract.uri(token["token_id"])
    expect(uri == f"ipfs://{token['metadata_cid']}", f"{label}: tokenURI on the chain is {uri}.")
    metadata = json.loads(fetch(web, uri))
    expect(metadata["name"] == f"Season #{token['token_id']}", f"{label} has {metadata}.")
    picture = fetch(web, metadata["image"])
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            opened.load()
            form, size = str(opened.format), opened.size
    except (UnidentifiedImageError, OSError) as error:
        raise DemoError(f"{label}: its picture does not open: {error}") from None
    say(f"  {label}: {uri}, a picture ({form}) of {size[0]} × {size[1]}")
    return form, picture


def fetch(web: Coffer, uri: str) -> bytes:
    """What a URI in IPFS leads to, whose CID is checked."""
    cid = uri.removeprefix("ipfs://")
    found = web.get(f"/ipfs/{cid}")
    expect(found.status == 200, f"/ipfs/{cid} was answered by {found.status}.")
    computed = cid_of(found.body, PROFILES[DEFAULT_PROFILE])
    expect(computed == cid, f"/ipfs/{cid} gives a file whose CID is {computed}.")
    return found.body


def tell_reveals(web: Coffer) -> None:
    """Tell by which transactions the tokens were revealed."""
    for reveal in web.get("/api/reveals").json()["items"]:
        numbers = ", ".join(map(str, reveal["token_ids"]))
        say(f"Transaction {reveal['tx_hash']} ({reveal['status']}) has revealed {numbers}.")


def tell_timeline(web: Coffer, token: dict[str, Any]) -> None:
    """Tell what happened to a token."""
    events = web.get(f"/api/tokens/{token['id']}/events?limit=100").json()["items"]
    say(f"The timeline of token {token['token_id']}:")
    for event in events:
        say(f"  {event['occurred_at']}  {event['event']}, by {event['actor']}")
    steps = [event["to_status"] for event in events if event["to_status"]]
    expect(tuple(steps) == STEPS, f"The timeline has the steps {', '.join(steps)}.")


def say(line: str) -> None:
    """Tell whoever watches."""
    print(line, flush=True)


if __name__ == "__main__":
    signals.listen()
    try:
        main(Path(sys.argv[1]) if sys.argv[1:] else PROJECT / ".dev" / "tokens-demo")
    except (DemoError, NodeError, ServerError, psycopg.Error) as error:
        sys.exit(f"The demonstration has failed: {error}")
