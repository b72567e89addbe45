"""The servers that are compared, all on one database."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import web
from benchmarks.installed import PROJECT, PythonEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.web import Served

COFFER: Final = "Coffer"
PEER: Final = "FastAPI, SQLAlchemy"
BARE: Final = "bare Flask"
FLOOR: Final = "Flask, the statements alone"

ENVIRONMENT: Final = PythonEnvironment("http", Path(__file__).parent / "requirements.txt")


@contextlib.contextmanager
def coffer(url: str) -> Iterator[Served]:
    """Coffer as it is served in production."""
    with web.gunicorn(url, "wsgi:application") as served:
        yield served


@contextlib.contextmanager
def bare(url: str) -> Iterator[Served]:
    """A constant answer from Flask, under the same gunicorn configuration."""
    with web.gunicorn(url, "benchmarks.http.bare_app:application", health="/bare") as served:
        yield served


@contextlib.contextmanager
def floor(url: str) -> Iterator[Served]:
    """Flask and psycopg running just the same statements, under the same configuration."""
    with web.gunicorn(url, "benchmarks.http.statements_app:application") as served:
        yield served


@contextlib.contextmanager
def peer(url: str) -> Iterator[Served]:
    """The peer under uvicorn, with the same number of processes."""
    port = web.free_port()
    command = [ENVIRONMENT.python, "-m", "benchmarks.http.peer.serve", str(port)]
    environment = {"BENCH_DATABASE_URL": url, "PYTHONPATH": str(PROJECT)}
    with web.serving(command, port, "/health", environment) as served:
        yield served
