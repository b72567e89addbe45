"""A migrated database on its own server, for a benchmark."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from sql.migrate import migrate
from sql.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def migrated_server() -> Iterator[str]:
    """The URL of a migrated database, which is removed with its server afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder) / "postgres")
        server.start({"max_connections": "300"})
        try:
            migrate(server.url())
            yield server.url()
        finally:
            server.stop()


@contextlib.contextmanager
def migrated() -> Iterator[psycopg.Connection]:
    """A connection to such a database, in autocommit mode."""
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        yield conn
