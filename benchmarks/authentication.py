"""What it costs to know who calls: one item by JWT and by API key, beside the same for anybody.

    python -m benchmarks.authentication [rounds] [seconds]

Requests a second through gunicorn with two processes, asked by wrk with 32 connections; the three
take turns within each round. Beside them the processor's time that the web processes took for a
request, which other loads on the machine disturb less. Limits, request ids and logs are on, as in
production; the limits are high enough to be counted and not reached. The aim is 0.8 of what anybody
gets.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import psycopg

from benchmarks.databases import migrated_server
from benchmarks.transitions import spread
from sql import queries
from webapp.identity.access_tokens import AccessTokens
from webapp.identity.api_keys import new_api_key
from webapp.identity.keyring import Keyring

if TYPE_CHECKING:
    from uuid import UUID

AIM: Final = 0.8

_SECRET: Final = "a secret for the benchmark alone, and long"
_URL: Final = "https://coffer.example.com"


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    if shutil.which("wrk") is None:
        print("left out: wrk is not installed (Debian's package wrk)")
        return 0
    with migrated_server() as url:
        with psycopg.connect(url, autocommit=True) as conn:
            workspace_id, item_id, token, key = fill(conn)
        port = free_port()
        with gunicorn(url, port, workspace_id) as server:
            address = f"http://127.0.0.1:{port}"
            calls = {
                "anybody": [f"{address}/unauthenticated/items/{item_id}"],
                "JWT": [f"{address}/api/items/{item_id}", "-H", f"Authorization: Bearer {token}"],
                "API key": [f"{address}/api/items/{item_id}", "-H", f"X-API-Key: {key}"],
            }
            wait_for(f"{address}/health")
            for call in calls.values():
                ask(call, 1, server.pid)
            figures: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
            for _ in range(rounds):
                for name, call in calls.items():
                    figures[name].append(ask(call, seconds, server.pid))
            server.terminate()
    return report(figures)


def report(figures: dict[str, list[tuple[float, float]]]) -> int:
    """Print the table; 1 where an aim was missed. A ratio is that of a round's neighbours."""
    missed = 0
    print(f"{'':10}{'requests/s':>24}{'of anybody':>22}{'CPU µs a request':>20}{'of anybody':>22}")
    for name, taken in figures.items():
        pairs = list(zip(taken, figures["anybody"], strict=True))
        of_rate = [mine[0] / limit[0] for mine, limit in pairs]
        of_time = [limit[1] / mine[1] for mine, limit in pairs]
        missed += statistics.median(of_rate) < AIM
        rates, times = ([each[i] for each in taken] for i in (0, 1))
        print(
            f"{name:10}{spread(rates):>24}{shares(of_rate):>22}"
            f"{spread(times):>20}{shares(of_time):>22}"
        )
    return int(missed > 0)


def shares(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def fill(conn: psycopg.Connection) -> tuple[UUID, UUID, str, str]:
    """A user with an item, a session and a key: workspace, item, access token, key."""
    queries.users.create_with_handle(conn, handle="ana")
    user_id, workspace_id = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
    ).fetchone() or (None, None)
    item = queries.items.create(
        conn,
        workspace_id=workspace_id,
        created_by=user_id,
        source_type="note",
        source_url=None,
        page_hash=None,
        raw_text="The oak posts have to be ordered before Friday. " * 10,
        title="Posts",
        tags=["garden", "fence"],
        status="confirmed",
    )
    session_id = uuid4()
    conn.execute(
        "INSERT INTO sessions (id, user_id, workspace_id, status, token_hash, method, has_cookie,"
        " expires_at) VALUES (%s, %s, %s, 'active', '', 'password', false, now() + '1 day')",
        (session_id, user_id, workspace_id),
    )
    tokens = AccessTokens(Keyring(_SECRET), issuer=_URL, seconds=3600)
    made = new_api_key()
    queries.api_keys.create(
        conn,
        user_id=user_id,
        workspace_id=workspace_id,
        name="benchmark",
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        scopes=["workspace:items:read"],
        expires_at=None,
    )
    return workspace_id, item["id"], tokens.issue(user_id, session_id), made.secret


def gunicorn(url: str, port: int, workspace_id: UUID) -> subprocess.Popen[bytes]:
    """The served app; its log goes nowhere, as to a collector that keeps up."""
    environment = {
        "PATH": os.environ["PATH"],
        "COFFER_ENV": "test",
        "DATABASE_URL": url,
        "SECRET_KEY": _SECRET,
        "PUBLIC_URL": _URL,
        "PORT": str(port),
        "BENCHMARK_WORKSPACE": str(workspace_id),
        "RATE_LIMIT_READS": "600000",
    }
    program = Path(sys.executable).with_name("gunicorn")
    return subprocess.Popen(
        [program, "-c", "python:webapp.gunicorn", "benchmarks.authentication_app:application"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def ask(call: list[str], seconds: int, server: int) -> tuple[float, float]:
    """Requests a second as wrk counts them, and microseconds of processor time for each; raises
    where an answer was no success."""
    before = processor_seconds(server)
    said = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", *call], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", said, re.DOTALL)
    assert found is not None, said
    return float(found[2]), (processor_seconds(server) - before) / int(found[1]) * 1e6


def processor_seconds(parent: int) -> float:
    """What the children of a process have used."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    ticks = 0
    for child in children:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
