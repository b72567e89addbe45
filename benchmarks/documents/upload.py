"""Uploads: the file of a form, hashed and stored, compared with programs that do less.

    python -m benchmarks.documents.upload [rounds]

Eight clients each send files of 10 MB, one after the other: to Coffer (the file in a form: quota,
SHA-256, type, store, rows) and to bare Flask, which writes the raw body to a file, both under
Coffer's gunicorn configuration; to the same with SHA-256, which shows what hashing alone costs; and
to FastAPI, whose UploadFile is hashed and written to a file, under uvicorn with as many processes.
Every file is different. At the end, eight uploads of 100 MB at once show how much memory the web
processes take.
"""

from __future__ import annotations

import http.client
import os
import secrets
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import psycopg

from benchmarks import web
from benchmarks.databases import migrated_server
from benchmarks.documents.reading import PEERS
from benchmarks.installed import Missing, say
from sql import queries
from webapp.identity.api_keys import new_api_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

BESIDE_FLASK: Final = 0.8
BESIDE_FASTAPI: Final = 1.0
MOST_MEGABYTES: Final = 150.0

_MB: Final = 1_000_000
_CLIENTS: Final = 8
_FILES: Final = 4  # of each client, in a round


def main() -> int:
    """Returns 1 if an aim is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else 3
    try:
        PEERS.make()
    except Missing as missing:
        say(f"Not measured: {missing}.")
        return 0
    taken: dict[str, list[float]] = {
        name: [] for name in ("Coffer", "bare Flask", "bare Flask with SHA-256", "FastAPI")
    }
    with migrated_server() as url, tempfile.TemporaryDirectory() as folder:
        key = fill(url)
        places = {name: Path(folder, name.replace(" ", "-")) for name in taken}
        for place in places.values():
            place.mkdir()
        settings = {
            "STORAGE_URL": places["Coffer"].as_uri(),
            "DOCUMENT_MAX_BYTES": str(200 * _MB),
            "QUOTA_BYTES": str(1_000_000 * _MB),
        }
        flask = {"UPLOADS": str(places["bare Flask"])}
        app = "benchmarks.documents.bare_upload:app"
        with (
            web.gunicorn(url, "wsgi:application", **settings) as coffer,
            web.gunicorn(url, app, **flask) as bare,
            fastapi(places["FastAPI"]) as peer,
        ):
            ways: dict[str, Callable[[int], None]] = {
                "Coffer": lambda size: send_form(coffer.address, "/api/documents", size, key),
                "bare Flask": lambda size: send_raw(bare.address, "/upload", size),
                "bare Flask with SHA-256": lambda size: send_raw(bare.address, "/hashed", size),
                "FastAPI": lambda size: send_form(peer.address, "/upload", size, key),
            }
            for _ in range(rounds):
                for name, send in ways.items():
                    taken[name].append(rate(send))
            with ThreadPoolExecutor(_CLIENTS) as threads:
                sent = [threads.submit(ways["Coffer"], 100 * _MB) for _ in range(_CLIENTS)]
                most = 0.0
                while not all(each.done() for each in sent):
                    most = max(most, *coffer.megabytes())
                    time.sleep(0.05)
            for each in sent:
                each.result()
    return report(taken, most)


def fill(url: str) -> str:
    """Make a user; returns their API key."""
    with psycopg.connect(url, autocommit=True) as conn:
        queries.users.create_with_handle(conn, handle="ana")
        row = conn.execute(
            "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
        ).fetchone()
        assert row is not None
        user_id: UUID = row[0]
        made = new_api_key()
        queries.api_keys.create(
            conn,
            user_id=user_id,
            workspace_id=row[1],
            name="benchmark",
            prefix=made.prefix,
            secret_hash=made.secret_hash,
            scopes=["workspace:documents:read", "workspace:documents:write"],
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
    return made.secret


def fastapi(place: Path) -> object:
    port = web.free_port()
    uvicorn = PEERS.python.with_name("uvicorn")
    processes = str(os.cpu_count())
    command = [uvicorn, "peer_upload:app", "--port", str(port), "--workers", processes]
    folder = str(Path(__file__).parent)
    return web.serving(
        [*command, "--app-dir", folder, "--log-level", "error"],
        port,
        "/health",
        {"UPLOADS": str(place)},
    )


def rate(send: Callable[[int], None]) -> float:
    """The MB a second of all clients together."""

    def client(_: int) -> None:
        for _ in range(_FILES):
            send(10 * _MB)

    began = time.monotonic()
    with ThreadPoolExecutor(_CLIENTS) as threads:
        list(threads.map(client, range(_CLIENTS)))
    return _CLIENTS * _FILES * 10 / (time.monotonic() - began)


def send_form(address: str, path: str, size: int, key: str) -> None:
    boundary = "-" * 27 + str(secrets.randbelow(10**28))
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="log.txt"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    end = f"\r\n--{boundary}--\r\n".encode()
    begin, rest = content(size)
    _send(
        address,
        path,
        [head + begin, rest, end],
        {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-API-Key": key},
    )


def send_raw(address: str, path: str, size: int) -> None:
    _send(address, path, content(size), {"Content-Type": "application/octet-stream"})


def content(size: int) -> list[bytes]:
    """Text of which only the first line is different in every file: the clients share the
    processors with what is measured, so they make no more of it than they must."""
    line = os.urandom(32).hex().encode() + b"\n"
    return [line, _rest(size - len(line))]


@cache
def _rest(size: int) -> bytes:
    line = os.urandom(32).hex().encode() + b"\n"
    return (line * (size // len(line) + 1))[:size]


def _send(address: str, path: str, parts: list[bytes], headers: dict[str, str]) -> None:
    target = urlsplit(address)
    assert target.hostname is not None
    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=300)
    connection.putrequest("POST", path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(sum(map(len, parts))))
    connection.endheaders()
    for part in parts:
        connection.send(part)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status not in (200, 201):
        raise RuntimeError(f"{answer.status}: {said[:300]!r}")


def report(taken: dict[str, list[float]], most: float) -> int:
    print("\n### Uploads of 10 MB by eight clients\n\n|  | MB/s | Coffer to it |\n|---|---|---|")
    ratios = {}
    for name, rates in taken.items():
        shares = [ours / other for ours, other in zip(taken["Coffer"], rates, strict=True)]
        ratios[name] = statistics.median(shares)
        beside = f"{ratios[name]:.2f} ({min(shares):.2f} to {max(shares):.2f})"
        print(
            f"| {name} | {statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f}) |"
            f" {beside if name != 'Coffer' else ''} |"
        )
    print(f"\nAims: {BESIDE_FLASK} of bare Flask, {BESIDE_FASTAPI} of FastAPI.")
    print(
        f"Eight uploads of 100 MB: {most:.0f} MB a web process (aim: under {MOST_MEGABYTES:.0f})."
    )
    return int(
        ratios["bare Flask"] < BESIDE_FLASK
        or ratios["FastAPI"] < BESIDE_FASTAPI
        or most > MOST_MEGABYTES
    )


if __name__ == "__main__":
    sys.exit(main())
