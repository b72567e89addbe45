"""A chain, a collection and the workers that benchmarks of tokens run.

Pictures are made at once, and cost nothing: what is measured is the way to the chain.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg.types.json import Jsonb

from benchmarks.databases import migrated_server
from sql import queries
from tests.anvil import anvil
from tests.season import Season, cid_of
from webapp.clients.chain.accounts import accounts
from webapp.settings import Settings
from workers.confirm_reveals import confirm_reveals
from workers.engine.kind import Kind
from workers.engine.loop import Worker
from workers.plan_reveals import plan_reveals
from workers.send_reveals import send_reveals
from workers.sign_reveals import sign_reveals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection
    from workers.engine.job import Job

# Of a block, in gas. A reveal of fifty tokens takes six million, and Base's blocks have more.
GAS_LIMIT = 150_000_000


def watcher() -> list[Kind]:
    """What reads mints off the chain, if it is there."""
    try:
        return [importlib.import_module("workers.watch_chain").watch_chain]
    except ModuleNotFoundError:
        return []


def make_ready(conn: Connection, job: Job, _: object) -> bool:
    """In place of a picture and of IPFS: the address of what is never made."""
    token = conn.execute(
        "SELECT collection_id, token_id FROM tokens WHERE id = %s AND status = 'detected'",
        (job.subject_id,),
    ).fetchone()
    if token is None:
        return False
    for step in ("generating", "uploading"):
        conn.execute("UPDATE tokens SET status = %s WHERE id = %s", (step, job.subject_id))
    conn.execute(
        "UPDATE tokens SET status = 'ready', metadata_cid = %s, ready_at = clock_timestamp()"
        " WHERE id = %s",
        (cid_of(*token), job.subject_id),
    )
    conn.execute(
        "DELETE FROM outbox WHERE kind = 'upload_to_ipfs' AND subject_id = %s", (job.subject_id,)
    )
    queries.outbox.enqueue(
        conn,
        kind="plan_reveals",
        subject_id=token[0],
        workspace_id=job.workspace_id,
        payload=Jsonb({}),
        request_id=None,
        traceparent=None,
        delay=timedelta(0),
    )
    return True


KINDS = [
    Kind(name="generate_images", save=make_ready, delays=(0,) * 1_000),
    *watcher(),
    *(plan_reveals, sign_reveals, send_reveals, confirm_reveals),
]


@contextlib.contextmanager
def season(block_seconds: float, depth: int) -> Iterator[tuple[Season, Settings]]:
    """A collection on a chain that makes a block every so many seconds, and its settings."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    arguments = ("--block-time", str(block_seconds), "--gas-limit", str(GAS_LIMIT))
    with (
        migrated_server() as url,
        anvil(*arguments) as node,
        psycopg.connect(url, autocommit=True) as conn,
    ):
        queries.users.create_with_handle(conn, handle="ana")
        (workspace_id,) = conn.execute("SELECT id FROM workspaces").fetchone() or (None,)
        made = Season.begin(node, conn, workspace_id, depth=depth)
        settings = Settings(
            environment="development",
            database_url=url,
            database_migrate_url=url,
            secret_key="a secret for benchmarks only, of 32 characters or more",
        )
        yield made, made.settings(settings)


class Workers:
    """Worker processes, forked so that one that was killed is replaced at once."""

    def __init__(self, settings: Settings, count: int, *, lease: float | None = None) -> None:
        self._settings = replace(settings)
        self._lease = lease
        self.kills = 0
        self.pids = [self._fork() for _ in range(count)]

    def kill(self, index: int) -> None:
        """Kill one, as a machine that loses its power does, and begin another."""
        pid = self.pids[index]
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.kills += 1
        self.pids[index] = self._fork()

    def stop(self) -> None:
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _fork(self) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                Worker(KINDS, self._settings, lease=self._lease).run()
            finally:
                os._exit(1)
        return pid


@contextlib.contextmanager
def workers(settings: Settings, count: int, **more: Any) -> Iterator[Workers]:
    """So many of them, until the end of the block."""
    accounts()  # once, and not in each
    made = Workers(settings, count, **more)
    try:
        yield made
    finally:
        made.stop()


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    for row in (heads, ["---"] * len(heads), *rows):
        print(f"| {' | '.join(map(str, row))} |", flush=True)
