"""Mints told by webhook at a hundred a second, with duplicates and new authors who come at once.

    python -m benchmarks.tokens.webhook [MESSAGES]

Under gunicorn with two processes, as in production. Each message has one mint, of one token or of
fifty. Two messages at a time have the same new author and are sent at the same moment; a tenth of
all are sent twice. Latencies are counted from when a message was to be sent, so that a slow answer
does not spare the next one. Lost are tokens of messages that were answered with 200.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import random
import statistics
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import psycopg

from benchmarks.databases import migrated_server
from benchmarks.tokens import CONTRACT, data, register, topics, word
from benchmarks.web import gunicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES: Final = 20_000
RATE: Final = 100
DUPLICATES: Final = 0.1
SECRET: Final = "the secret of a benchmark"
SENDERS: Final = 32
# Milliseconds, by tokens a mint.
BOUNDS: Final = {1: 25.0, 50: 100.0}


class Sent(NamedTuple):
    """A message: when it is due, in seconds, and its body."""

    due: float
    body: bytes


def main(messages: int = MESSAGES) -> int:
    """Print the table; 1 if a latency is over its bound, or anything is lost."""
    missed = 0
    print(f"{messages:,} messages at {RATE} a second")
    print("| tokens a mint | median ms | 95 of 100 | 99 of 100 | longest | lost | not 200 |")
    print("|---|---|---|---|---|---|---|")
    for quantity, bound in BOUNDS.items():
        with migrated_server() as url:
            with psycopg.connect(url, autocommit=True) as conn:
                register(conn)
            with gunicorn(url, "wsgi", WEB_PROCESSES="2", ALCHEMY_WEBHOOK_SECRETS=SECRET) as served:
                milliseconds, refused = send(served.address, list(plan(messages, quantity)))
            with psycopg.connect(url) as conn:
                (kept,) = conn.execute("SELECT count(*) FROM tokens").fetchone() or (0,)
        lost = messages * quantity - kept
        p95, p99 = (statistics.quantiles(milliseconds, n=100)[each] for each in (94, 98))
        missed += p95 > bound or lost > 0 or refused > 0
        print(
            f"| {quantity} | {statistics.median(milliseconds):.1f} | {p95:.1f} | {p99:.1f}"
            f" | {max(milliseconds):.0f} | {lost:,} | {refused} |",
            flush=True,
        )
    return int(missed > 0)


def plan(messages: int, quantity: int) -> Iterator[Sent]:
    """All messages, with those that are sent twice. The rate is that of all together."""
    chance = random.Random(1)
    share = 1 / (1 + DUPLICATES)
    recent: list[bytes] = []
    for number in range(messages):
        due = number // 2 * 2 / (RATE * share)
        body = message(number, quantity)
        recent = [*recent[-49:], body]
        yield Sent(due, body)
        if chance.random() < DUPLICATES:
            yield Sent(due + 1 / RATE, chance.choice(recent))


def message(number: int, quantity: int) -> bytes:
    """A message with a mint of so many tokens. Two after each other have the same author."""
    log = {
        "account": {"address": CONTRACT.lower()},
        "topics": topics(0xA0000000 + number // 2, 1 + number * quantity),
        "data": data(quantity),
        "index": number % 100,
        "transaction": {"hash": word(10**9 + number), "status": 1},
    }
    block = {
        "hash": word(1000 + number // 200),
        "number": 1000 + number // 200,
        "timestamp": 1_700_000_000,
        "logs": [log],
    }
    return json.dumps(
        {
            "webhookId": "wh",
            "id": f"whevt_{number}",
            "type": "GRAPHQL",
            "event": {
                "data": {"block": block},
                "sequenceNumber": str(number),
                "network": "LOCAL",
            },
        }
    ).encode()


def send(address: str, messages: list[Sent]) -> tuple[list[float], int]:
    """Send each when it is due; the milliseconds until each answer, and how many were not 200."""
    waiting: queue.Queue[tuple[float, bytes] | None] = queue.Queue()
    milliseconds: list[float] = []
    refused: list[int] = []

    def run() -> None:
        parts = urlsplit(address)
        conn = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        while (given := waiting.get()) is not None:
            due, body = given
            signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            headers = {"X-Alchemy-Signature": signature, "Content-Type": "application/json"}
            conn.request("POST", "/webhooks/alchemy", body, headers)
            answer = conn.getresponse()
            answer.read()
            milliseconds.append((time.perf_counter() - due) * 1e3)
            if answer.status != 200:
                refused.append(answer.status)
        conn.close()

    threads = [threading.Thread(target=run) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    began = time.perf_counter() + 0.5
    for each in sorted(messages):
        due = began + each.due
        time.sleep(max(0.0, due - time.perf_counter()))
        waiting.put((due, each.body))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    return milliseconds, len(refused)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
