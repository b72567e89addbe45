"""A chain, a collection and the workers that benchmarks of tokens run.

Pictures are made at once, those of a claim together, and cost nothing: what is measured is the way
to the chain.
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


def make_ready(conn: Connection, saved: Sequence[tuple[Job, object]]) -> list[bool]:
    """In place of pictures and of IPFS: the addresses of what is never made."""
    ids = [job.subject_id for job, _ in saved]
    tokens = conn.execute(
        "SELECT id, collection_id, token_id FROM tokens"
        " WHERE id = ANY (%s) AND status = 'detected' ORDER BY id FOR UPDATE",
        (ids,),
    ).fetchall()
    found = [token_id for token_id, *_ in tokens]
    for step in ("generating", "uploading"):
        conn.execute("UPDATE tokens SET status = %s WHERE id = ANY (%s)", (step, found))
    conn.execute(
        "UPDATE tokens SET status = 'ready', metadata_cid = made.cid, ready_at = clock_timestamp()"
        "  FROM unnest(%s::uuid[], %s::text[]) AS made (id, cid)"
        " WHERE tokens.id = made.id",
        (found, [cid_of(*token) for _, *token in tokens]),
    )
    conn.execute(
        "DELETE FROM outbox WHERE kind = 'upload_to_ipfs' AND subject_id = ANY (%s)", (found,)
    )
    for collection_id in {collection_id for _, collection_id, _ in tokens}:
        queries.outbox.enqueue(
            conn,
            kind="plan_reveals",
            subject_id=collection_id,
            workspace_id=saved[0][0].workspace_id,
            payload=Jsonb({}),
            request_id=None,
            traceparent=None,
            delay=timedelta(0),
        )
    return [each in set(found) for each in ids]


KINDS = [
    Kind(name="generate_images", save_all=make_ready, delays=(0,) * 1_000),
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
