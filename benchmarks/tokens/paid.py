"""Workers that are killed while pictures are made that cost something: what was paid for.

    python -m benchmarks.tokens.paid [TOKENS] [KILLS]

The service, on loopback, takes a while for each picture and reports to our webhook. Workers are
killed by SIGKILL at random moments and replaced. Each token must have its picture in the end, and
as many predictions must have been paid for as there are tokens.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg
import structlog

from benchmarks.databases import migrated_server
from benchmarks.tokens.seasons import mint
from tests.fakes.replicate import FakeReplicate
from tests.fakes.vendor import running
from tests.workers.tokens.studio import kind_at
from webapp.app import create_app
from webapp.clients.images.replicate import Replicate
from webapp.clients.webhooks.signature import new_secret
from webapp.settings import Settings
from workers.engine.loop import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS, KILLS = 200, 50
WORKERS = 3
# Seconds that a picture takes; that work which was cut off is left to others; and after which what
# is not found was never asked for, longer than anything may be on its way here.
TAKES, LEASE, SETTLES = 0.3, 3.0, 2.0
PATIENCE = 600.0


def work(settings: Settings, base: str, reports: str) -> None:
    """One worker process. Its pictures are taken as they are: what they cost is the question."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    Replicate.settles = SETTLES
    taken: Any = SimpleNamespace(checked=lambda data: data, close=lambda: None)
    service: Any = SimpleNamespace(base=base)
    Worker([kind_at(service, taken, reports=reports)], settings, concurrency=2, lease=LEASE).run()


@contextmanager
def web(settings: Settings) -> Iterator[str]:
    """The address at which our webhook hears reports."""

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        request_queue_size = 128

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    app = create_app(settings)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with make_server("127.0.0.1", 0, app, Server, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks/replicate"
        finally:
            server.shutdown()
            thread.join()


def main(tokens: int = TOKENS, kills: int = KILLS) -> int:
    """Print the table; 1 if anything was paid for twice, or a token has no picture."""
    secret = new_secret()
    with migrated_server() as url, running(FakeReplicate()) as service:
        service.seconds, service.secret = TAKES, secret
        settings = Settings(
            environment="development",
            database_url=url,
            database_migrate_url=url,
            secret_key="a secret for benchmarks only, of 32 characters or more",
            replicate_webhook_secret=secret,
        )
        with web(settings) as reports, psycopg.connect(url, autocommit=True) as conn:
            mint(conn, tokens)
            began = time.monotonic()
            killed = kill_workers(conn, (settings, service.base, reports), kills)
            seconds = time.monotonic() - began
            (done,) = conn.execute(
                "SELECT count(*) FROM tokens WHERE status = 'uploading'"
            ).fetchone() or (0,)
        paid = len(service.predictions)
    print("| tokens | with a picture | predictions paid for | kills | seconds |")
    print("|---|---|---|---|---|")
    print(f"| {tokens} | {done} | {paid} | {killed} | {seconds:.0f} |")
    return int(paid != tokens or done != tokens or killed < kills)


def kill_workers(conn: psycopg.Connection[Any], arguments: tuple[Any, ...], kills: int) -> int:
    """Run workers, kill some, until no token waits for a picture; returns how many were killed."""
    context = multiprocessing.get_context("spawn")

    def begin() -> multiprocessing.process.BaseProcess:
        process = context.Process(target=work, args=arguments)
        process.start()
        return process

    workers = [begin() for _ in range(WORKERS)]
    killed, until = 0, time.monotonic() + PATIENCE
    chance = random.Random(4711)
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.2, 1.0))
        (left,) = conn.execute(
            "SELECT count(*) FROM tokens WHERE status NOT IN ('uploading', 'failed')"
        ).fetchone() or (0,)
        if not left:
            break
        (busy,) = conn.execute(
            "SELECT count(*) FROM image_generation_jobs WHERE status = 'running'"
        ).fetchone() or (0,)
        if killed < kills and busy:
            at = chance.randrange(WORKERS)
            os.kill(workers[at].pid or 0, signal.SIGKILL)
            workers[at].join()
            killed += 1
            workers[at] = begin()
    for worker in workers:
        os.kill(worker.pid or 0, signal.SIGTERM)
        worker.join()
    return killed


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
