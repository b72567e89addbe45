"""Reveals while workers are killed and the chain takes blocks back: each token once, none lost.

    python -m benchmarks.tokens.chaos [TOKENS] [SEED]

Four workers, of which one is killed every half second and replaced, on a chain with a block a
second. Every few seconds one or two of its newest blocks are replaced by empty ones, and what was
in them is lost: reveals, and mints if the watcher of the chain is there. Three blocks confirm both.
"""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.tokens.running import season, table, watcher, workers
from webapp.clients.chain.node import NodeError

if TYPE_CHECKING:
    from tests.season import Season

TOKENS = 10_000
A_SECOND = 80
DEPTH = 3
KILLS = 200
REORGS = 30
MOST_SECONDS = 300
MOST_TRANSACTIONS = 1.02
# Seconds between kills, and between reorganisations.
KILL_EVERY = (0.3, 0.7)
REORG_EVERY = (2.0, 5.0)


def main(tokens: int = TOKENS, seed: int | None = None) -> int:
    """Print what happened; 1 if anything is double, lost, reverted or wrong, or a bound missed."""
    seed = random.randrange(10**6) if seed is None else seed
    chance = random.Random(seed)
    share = tokens / TOKENS
    with season(1.0, DEPTH) as (made, settings):
        mint = _Minting(made, tokens)
        began = time.monotonic()
        with workers(settings, 4, lease=6) as running:
            reorgs = _disturb(made, running, mint, chance, began)
            seconds = time.monotonic() - began
        made.minted = tokens
        found = _judge(made, tokens)
        fewest = -(-tokens // 50)
        print(f"{tokens:,} tokens, seed {seed}")
        table(
            ["seconds", "kills", "reorganisations", *found],
            [[f"{seconds:.0f}", running.kills, reorgs, *found.values()]],
        )
        if found["transactions"] > MOST_TRANSACTIONS * fewest + 1:
            print(f"more transactions than {MOST_TRANSACTIONS} × {fewest}")
        wrong = sum(found[name] for name in ("double", "lost", "reverted", "wrong"))
        enough = running.kills >= KILLS * share and reorgs >= REORGS * share
        return int(
            wrong > 0
            or not enough
            or seconds > MOST_SECONDS
            or found["transactions"] > MOST_TRANSACTIONS * fewest + 1
        )


class _Minting:
    """Mints so many tokens a second, until the chain has enough, and again whatever it has taken
    back."""

    def __init__(self, made: Season, tokens: int) -> None:
        self._made = made
        self._tokens = tokens
        self._a_second = A_SECOND
        self._on_chain = bool(watcher())
        if not self._on_chain:
            for start in range(0, tokens, 50):
                made.contract.mint(count=min(50, tokens - start))
            while made.contract.next_token_id() <= tokens:
                time.sleep(0.2)
            made.anvil.mine(DEPTH)
            made.conn.execute("DELETE FROM outbox")

    def go_on(self, seconds: float) -> None:
        """As many as there should be after so many seconds."""
        wanted = min(self._tokens, int(seconds * self._a_second) // 50 * 50 + 50)
        if not self._on_chain:
            if wanted > self._made.minted:
                self._made.make_ready(wanted - self._made.minted, waited=0)
            return
        there = self._made.contract.next_token_id() - 1
        waiting = self._made.anvil.node.call("txpool_status")["pending"]
        if there < wanted and waiting == "0x0":
            for start in range(there, wanted, 50):
                self._made.contract.mint(count=min(50, wanted - start))


def _disturb(made, running, mint, chance, began) -> int:
    """Kill and reorganise until all is revealed; returns how many reorganisations there were."""
    reorgs = 0
    next_kill = next_reorg = began + 2
    while made.statuses().get("revealed", 0) < mint._tokens:
        now = time.monotonic()
        if now - began > 2 * MOST_SECONDS:
            print(made.statuses(), made.reveals("status, nonce, note, error")[-20:])
            break
        mint.go_on(now - began)
        if now >= next_kill:
            running.kill(chance.randrange(len(running.pids)))
            next_kill = now + chance.uniform(*KILL_EVERY)
        if now >= next_reorg:
            try:
                made.anvil.reorg(chance.choice((1, 1, 2)))
                reorgs += 1
            except NodeError as error:
                print(error)
            next_reorg = now + chance.uniform(*REORG_EVERY)
        time.sleep(0.05)
    return reorgs


def _judge(made: Season, tokens: int) -> dict[str, int]:
    """What is on the chain. By receipts and by the keeper's count, and not by blocks: anvil may
    have none below its newest after a reorganisation in the moment in which it makes one."""
    hashes = made.conn.execute("SELECT tx_hash FROM reveal_attempts").fetchall()
    asked = [("eth_getTransactionReceipt", [tx_hash]) for (tx_hash,) in hashes]
    receipts = [each for each in made.anvil.node.batch(asked) if each is not None]
    revealed = sum(int(log["data"][66:130], 16) for each in receipts for log in each["logs"])
    on_chain = made.on_chain()
    return {
        "transactions": made.anvil.nonce(made.keeper.address),
        "reverted": sum(each["status"] != "0x1" for each in receipts),
        "double": max(revealed - tokens, 0),
        "lost": tokens - len(on_chain),
        "wrong": sum(uri != made.uri(each) for each, uri in on_chain.items()),
    }


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
