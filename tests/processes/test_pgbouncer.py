"""Everything works through a pooler that lends connections for one transaction at a time."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import databases
from tests.processes import eventually, free_port, running, serving
from tests.processes.test_processes import NOTE, QUIET

pytestmark = pytest.mark.skipif(
    shutil.which("pgbouncer") is None, reason="PgBouncer is not installed"
)

# So few connections that web, worker and clock really get each other's.
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
"""


@contextlib.contextmanager
def pgbouncer(server_port):
    """A pooler in front of a server; gives its port."""
    port = free_port()
    with databases.temporary_folder() as folder:
        roles = (databases.APP_ROLE, databases.OWNER_ROLE)
        users = "".join(f'"{role}" "{databases.PASSWORD}"\n' for role in roles)
        (folder / "users.txt").write_text(users)
        settings = CONFIGURATION.format(server=server_port, port=port, folder=folder)
        (folder / "pgbouncer.ini").write_text(settings)
        as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
        process = subprocess.Popen(
            ["pgbouncer", "-q", *as_nobody, folder / "pgbouncer.ini"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            eventually(lambda: listens(port))
            yield port
        finally:
            process.kill()
            process.wait()


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture(scope="module")
def pooled():
    """A database, and the variables for a process that uses it through the pooler."""
    with (
        databases.private_server() as server,
        databases.new_database(server.url(), "coffer_pooled") as database,
        pgbouncer(server.port()) as port,
    ):
        lent = database.url.replace(f":{server.port()}/", f":{port}/")
        yield database, {"DATABASE_URL": lent, "DATABASE_POOLER": "true"}


def test_items_are_captured_and_enriched_through_a_pooler(pooled):
    database, variables = pooled
    worker = running("coffer", "work", "--every", "200ms", database=database, **variables)
    clock = running("coffer", "clock", database=database, **variables)
    with serving(database, **variables) as web, worker as working, clock as ticking:

        def capture(number):
            key = {"Idempotency-Key": f"key-{number}"}
            first = web("POST", "/api/items", NOTE, timeout=30, **key)
            again = web("POST", "/api/items", NOTE, timeout=30, **key)
            assert (first[0], again[0]) == (201, 201), (first, again)
            assert first[2]["id"] == again[2]["id"]
            return first[2]["id"]

        with ThreadPoolExecutor(8) as threads:
            items = set(threads.map(capture, range(40)))
        assert len(items) == 40

        def is_done():
            page = web("GET", "/api/items/pending?limit=100")[2]["items"]
            return {item["status"] for item in page} == {"ready_to_confirm"} and len(page) == 40

        eventually(is_done, seconds=30)
    for process in (working, ticking, web.process):
        assert "Traceback" not in process.log()
        assert "prepared statement" not in process.log()


def test_a_worker_that_may_listen_to_the_server_itself_begins_at_once(pooled):
    database, variables = pooled
    listening = variables | {"DATABASE_LISTEN_URL": database.url}
    worker = running("coffer", "work", "--every", "10m", database=database, **listening)
    with serving(database, **variables) as web, worker, database.connect() as conn:
        eventually(lambda: conn.execute("SELECT FROM workers WHERE listening_for <> '{}'").rowcount)
        _, _, item = web("POST", "/api/items", NOTE)
        path = f"/api/items/{item['id']}"
        eventually(lambda: web("GET", path)[2]["status"] == "ready_to_confirm")
        assert web("POST", "/api/items", QUIET)[0] == 201
