"""A hundred thousand missed mints, read from a node until each has its token.

    python -m benchmarks.tokens.missed [TOKENS]

The node is a process of its own on loopback that answers as one does: a block has a mint of fifty
tokens. Calls are requests to it.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog

from benchmarks.databases import migrated_server
from benchmarks.tokens import CHAIN_ID, CONTRACT, data, register, topics, word
from webapp.settings import Settings
from workers.engine.loop import Worker
from workers.watch_chain import watch_chain

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS: Final = 100_000
OF_A_MINT: Final = 50
MOST_SECONDS: Final = 20.0
MOST_CALLS: Final = 60
KEY: Final = "a secret for the benchmark alone, and long"


def main(tokens: int = TOKENS) -> int:
    """Print the row; 1 if it took longer, or more calls, than it may."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with migrated_server() as url, node(tokens // OF_A_MINT) as (address, calls):
        with psycopg.connect(url, autocommit=True) as conn:
            register(conn)
        worker = Worker(
            (watch_chain,),
            Settings(
                environment="test",
                database_url=url,
                database_migrate_url=url,
                secret_key=KEY,
                chain_rpc_url=address,
                chain_poll_seconds=60.0,
            ),
        )
        began = time.perf_counter()
        with psycopg.connect(url, autocommit=True) as conn:
            while True:
                worker.round()
                (is_read,) = conn.execute(
                    "SELECT head_block = next_block - 1 FROM collections"
                ).fetchone() or (None,)
                if is_read:
                    break
            seconds = time.perf_counter() - began
            (kept,) = conn.execute("SELECT count(*) FROM tokens").fetchone() or (0,)
        worker.close()
        made = calls.value
    print("| missed tokens | seconds | calls | found |")
    print("|---|---|---|---|")
    print(f"| {tokens:,} | {seconds:.1f} | {made} | {kept:,} |")
    share = tokens / TOKENS
    return int(kept != tokens or seconds > MOST_SECONDS * share or made > MOST_CALLS)


@contextlib.contextmanager
def node(mints: int) -> Iterator[tuple[str, Any]]:
    """The node's address, and how many requests it got."""
    port, calls = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=serve, args=(mints, port, calls), daemon=True)
    process.start()
    while not port.value:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port.value}", calls
    finally:
        process.kill()
        process.join()


def serve(mints: int, port: Any, calls: Any) -> None:
    """Answer for ever."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with calls:
                calls.value += 1
            said = (
                [answer(each, mints) for each in asked]
                if isinstance(asked, list)
                else answer(asked, mints)
            )
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port.value = server.server_port
        server.serve_forever()


def answer(call: dict[str, Any], mints: int) -> dict[str, Any]:
    """What a node whose blocks 1 to `mints` have a mint each answers."""
    match call["method"], call["params"]:
        case "eth_chainId", _:
            said: object = hex(CHAIN_ID)
        case "eth_getBlockByNumber", [which, _]:
            number = mints if which == "latest" else int(which, 16)
            said = {"number": hex(number), "hash": word(10**6 + number)}
        case "eth_getLogs", [wanted]:
            first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
            said = [log(number) for number in range(max(first, 1), min(last, mints) + 1)]
        case "eth_call", [_, block]:
            said = word(1 + int(block, 16) * OF_A_MINT)
        case _:
            raise AssertionError(call)
    return {"jsonrpc": "2.0", "id": call["id"], "result": said}


def log(number: int) -> dict[str, Any]:
    """The mint of a block; every tenth is of a new author."""
    return {
        "address": CONTRACT.lower(),
        "topics": topics(0xA0000000 + number // 10, 1 + (number - 1) * OF_A_MINT),
        "data": data(OF_A_MINT),
        "blockNumber": hex(number),
        "blockHash": word(10**6 + number),
        "transactionHash": word(10**9 + number),
        "transactionIndex": "0x0",
        "logIndex": "0x0",
        "removed": False,
    }


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
