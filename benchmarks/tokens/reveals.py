"""Tokens revealed a minute, by two workers, until the last is deep in the chain.

    python -m benchmarks.tokens.reveals [TOKENS]

From ready tokens; and, with the watcher of the chain, from mints that nobody has seen yet.
"""

from __future__ import annotations

import sys
import time

from benchmarks.tokens.running import season, table, watcher, workers

TOKENS = 10_000
MOST_SECONDS = 300
# Seconds between blocks, the blocks that confirm a reveal, and the least tokens a minute.
CHAINS = ((1.0, 1, 18_000), (2.0, 3, 9_000))


def main(tokens: int = TOKENS) -> int:
    """Print the table; 1 if a bound is missed."""
    missed, rows = 0, []
    for block_seconds, depth, least in CHAINS:
        for begins in ("ready", *(["minted"] if watcher() else [])):
            seconds, transactions = measure(tokens, block_seconds, depth, begins)
            a_minute = tokens / seconds * 60
            missed += a_minute < least
            told = f"{seconds:.1f}", f"{a_minute:,.0f}", f"{least:,}", transactions
            rows.append((f"{block_seconds:g} s, depth {depth}", begins, *told))
    print(f"{tokens:,} tokens")
    table(["blocks", "from", "seconds", "tokens a minute", "bound", "transactions"], rows)
    return int(missed > 0)


def measure(tokens: int, block_seconds: float, depth: int, begins: str) -> tuple[float, int]:
    """Seconds until all tokens are revealed, and how many transactions that took."""
    with season(block_seconds, depth) as (made, settings):
        for start in range(0, tokens, 50):
            made.contract.mint(count=min(50, tokens - start))
        while made.contract.next_token_id() <= tokens:
            time.sleep(0.1)
        if begins == "ready":
            made.conn.execute("DELETE FROM outbox")
            made.make_ready(tokens)
        began = time.monotonic()
        with workers(settings, 2):
            while made.statuses().get("revealed", 0) < tokens:
                seconds = time.monotonic() - began
                assert seconds < MOST_SECONDS, made.reveals("status, nonce, note")
                time.sleep(0.05)
        made.minted = tokens
        receipts = made.receipts()
        assert all(succeeded for succeeded, _ in receipts)
        assert sum(count for _, count in receipts) == tokens
        return seconds, len(receipts)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
