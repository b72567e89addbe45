"""Three workers at a pin service that refuses more than 60 files a minute: what they use of it.

    python -m benchmarks.tokens.buckets [SECONDS]

The service, on loopback, counts the files of any sixty seconds, and answers 429 to one more. What
the workers may use is counted from when the first file arrives.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import psycopg
import structlog

from benchmarks.databases import migrated_server
from benchmarks.tokens.seasons import mint, picture
from tests.fakes.vendor import Vendor, running
from webapp.clients.ipfs.cid import PROFILES, cid_of
from webapp.settings import Settings
from workers.engine.loop import Worker
from workers.upload_to_ipfs import upload_to_ipfs

if TYPE_CHECKING:
    from tests.fakes.vendor import Seen

WORKERS = 3
PER_MINUTE = 60
USED = 0.95


class Strict(Vendor):
    """Takes `most` files in any `span` of seconds, and refuses the others."""

    def __init__(self, most: int, span: float) -> None:
        super().__init__()
        self.most = most
        self.span = span
        self.taken: deque[float] = deque()
        self.times: list[float] = []
        self.refused = 0

    def answer(self, asked: Seen) -> tuple[int, Any, dict[str, str]]:
        now = time.monotonic()
        with self.lock:
            while self.taken and self.taken[0] <= now - self.span:
                self.taken.popleft()
            if len(self.taken) >= self.most:
                self.refused += 1
                return 429, {"error": "Too many requests"}, {"Retry-After": "1"}
            self.taken.append(now)
            self.times.append(now)
        cid = cid_of(asked.form["file"], PROFILES["kubo-cid-v1"])
        return 200, {"data": {"cid": cid}}, {}

    def used(self, seconds: float) -> float:
        """How much of what it allows was used in so many seconds since the first file."""
        until = self.times[0] + seconds
        return sum(each < until for each in self.times) / (seconds / self.span * self.most)


def settings_for(url: str, service: Strict, per_minute: int) -> Settings:
    return Settings(
        environment="development",
        database_url=url,
        database_migrate_url=url,
        secret_key="a secret for benchmarks only, of 32 characters or more",
        pinata_jwt="a token",
        pinata_url=f"{service.url}/v3/files",
        pinata_per_minute=per_minute,
    )


def work(settings: Settings) -> None:
    """One worker process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    Worker([upload_to_ipfs], settings).run()


def main(seconds: int = 180) -> int:
    """Print what was used; 1 if a file was refused, or too little was used."""
    with migrated_server() as url, running(Strict(PER_MINUTE, 60.0)) as service:
        with psycopg.connect(url, autocommit=True) as conn:
            mint(conn, seconds)
            picture(conn)
        settings = settings_for(url, service, PER_MINUTE)
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=work, args=(settings,)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        while not service.times:
            time.sleep(0.01)
        time.sleep(seconds)
        for worker in workers:
            os.kill(worker.pid or 0, signal.SIGTERM)
        for worker in workers:
            worker.join()
        used = service.used(seconds)
    print(f"{WORKERS} workers, {PER_MINUTE} files a minute allowed, {seconds} s")
    print("| files | refused (429) | of the allowance |\n|---|---|---|")
    print(f"| {len(service.times)} | {service.refused} | {used:.1%} |")
    return int(service.refused > 0 or used < USED)


def share_of_threads(url: str, seconds: float, per_minute: int) -> float:
    """The same in this process and in little time, at a service that refuses nothing; what was used
    of what is allowed."""
    with running(Strict(per_minute, 60.0)) as service:
        settings = settings_for(url, service, per_minute)
        ended = threading.Event()

        def go_on() -> None:
            worker = Worker([upload_to_ipfs], settings, concurrency=2)
            while not ended.is_set():
                worker.round()
                time.sleep(0.01)
            worker.close()

        threads = [threading.Thread(target=go_on) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        while not service.times:
            time.sleep(0.01)
        time.sleep(seconds)
        used = service.used(seconds)
        ended.set()
        for thread in threads:
            thread.join()
    return used


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
