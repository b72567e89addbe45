"""Webhooks delivered by one worker process, compared with one by one; and beside a dead endpoint.

    python -m benchmarks.consumers.webhooks [DELIVERIES]

The endpoint is a process of its own on loopback, which answers at once or after 20 ms, as one on
the internet does. One by one: a row is read, sent with `requests`, marked and committed. The dead
endpoint accepts connections and never answers; as much is queued for it as for the other.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import secrets
import socket
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import requests
import structlog

from benchmarks.databases import migrated_server
from sql import queries
from webapp.clients.webhooks.signature import new_secret, signature
from webapp.identity.ids import new_id
from webapp.identity.keyring import Keyring
from webapp.settings import Settings
from workers.deliver_webhooks import deliver_webhooks
from workers.engine.loop import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

DELIVERIES = 3_000
KEY = "a secret for benchmarks only, of 32 characters or more"
TIMES = 10.0
MOST_LOST = 0.10

EVENTS = """
INSERT INTO events (workspace_id, entity, entity_id, event, actor)
SELECT %s, 'item', gen_random_uuid(), 'item.created', 'benchmark' FROM generate_series(1, %s)
"""


def main(deliveries: int = DELIVERIES) -> int:
    """Print the tables; 1 if a ratio misses its bound."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    missed = 0
    print(f"{deliveries:,} deliveries; one by one a fifth of them")
    print(
        "| the endpoint answers | one by one /s | a worker /s | × | beside a dead one /s | lost |"
    )
    print("|---|---|---|---|---|---|")
    for delay in (0.0, 0.02):
        with migrated_server() as url:
            one = one_by_one(url, delay, deliveries // 5)
            alone = by_worker(url, delay, deliveries)
            beside = by_worker(url, delay, deliveries, dead=True)
        lost = 1 - beside / alone
        # At once, the two processors are the bound, which the endpoint and PostgreSQL share.
        missed += (delay > 0 and alone < TIMES * one) + (lost > MOST_LOST)
        print(
            f"| after {delay * 1e3:.0f} ms | {one:,.0f} | {alone:,.0f} | {alone / one:.1f}"
            f" | {beside:,.0f} | {lost:.0%} |"
        )
    return int(missed > 0)


def serve(delay: float, port: Any, count: Any) -> None:
    """The endpoint: answers 204 to whatever has a length."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                if delay:
                    await asyncio.sleep(delay)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
                count.value += 1
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def endpoint(delay: float) -> Iterator[tuple[str, Any]]:
    """Its address, and how many calls it has answered."""
    port, count = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=serve, args=(delay, port, count), daemon=True)
    process.start()
    while not port.value:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port.value}/", count
    finally:
        process.kill()
        process.join()


@contextmanager
def silent() -> Iterator[str]:
    """An address where connections are accepted and nothing is answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def queue(conn: psycopg.Connection, deliveries: int, *addresses: str) -> UUID:
    """A workspace with webhooks at these addresses, and so many events; its id."""
    handle = f"user-{secrets.token_hex(4)}"
    queries.users.create_with_handle(conn, handle=handle)
    user_id, workspace_id = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
        " WHERE handle = %s",
        (handle,),
    ).fetchone() or (None, None)
    keyring = Keyring(KEY)
    for address in addresses:
        webhook_id = new_id()
        queries.webhooks.create(
            conn,
            id=webhook_id,
            workspace_id=workspace_id,
            created_by=user_id,
            url=address,
            description=None,
            events=["item.*"],
            secret=keyring.encrypt(f"webhook {webhook_id}", new_secret().encode()),
            most=20,
        )
    conn.execute(EVENTS, (workspace_id, deliveries))
    return workspace_id


def one_by_one(url: str, delay: float, deliveries: int) -> float:
    """Deliveries a second by a loop that does one after the other."""
    secret = new_secret()
    with endpoint(delay) as (address, _), psycopg.connect(url) as conn:
        conn.autocommit = True
        queue(conn, deliveries, address)
        conn.autocommit = False
        began = time.perf_counter()
        while row := conn.execute(
            "SELECT id, event_id FROM webhook_deliveries WHERE status = 'pending'"
            " ORDER BY id LIMIT 1"
        ).fetchone():
            body = b'{"type": "item.created"}'
            signed = signature(secret, str(row[1]), int(time.time()), body)
            headers = {"webhook-id": str(row[1]), "webhook-signature": signed}
            requests.post(address, data=body, headers=headers, timeout=15)
            conn.execute(
                "UPDATE webhook_deliveries SET status = 'delivered' WHERE id = %s", (row[0],)
            )
            conn.commit()
        seconds = time.perf_counter() - began
        conn.execute("DELETE FROM outbox")
        conn.commit()
    return deliveries / seconds


def by_worker(url: str, delay: float, deliveries: int, *, dead: bool = False) -> float:
    """Deliveries a second by a worker, until the endpoint has them all."""
    settings = Settings(
        environment="development",
        database_url=url,
        database_migrate_url=url,
        secret_key=KEY,
        webhook_allow_loopback=True,
    )
    with endpoint(delay) as (address, count), silent() as nowhere:
        with psycopg.connect(url, autocommit=True) as conn:
            queue(conn, deliveries, *((nowhere,) if dead else ()), address)
        worker = Worker([deliver_webhooks], settings, grace=0.1)
        began = time.perf_counter()
        ended: list[float] = []

        def wait() -> None:
            while count.value < deliveries:
                time.sleep(0.005)
            ended.append(time.perf_counter())
            worker.stop()

        threading.Thread(target=wait, daemon=True).start()
        worker.run()
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("DELETE FROM outbox; DELETE FROM webhooks")
    return deliveries / (ended[0] - began)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
