"""One server for a run, and a fresh database on it for each peer and measurement."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from sql.migrate import migrate
from sql.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same for every engine. Checkpoints are kept out of the measurements, because they would hit
# one engine or another at random; everything else is PostgreSQL's default, including autovacuum.
PARAMETERS: Final = {"max_wal_size": "8GB", "checkpoint_timeout": "1h"}

_TEMPLATE: Final = "coffer_migrated"


class Databases:
    """The running server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made = 0
        self._admin = psycopg.connect(server.url(), autocommit=True)
        self._admin.execute(f"CREATE DATABASE {_TEMPLATE}")
        with contextlib.redirect_stdout(sys.stderr):  # what migrations print is not a result
            migrate(server.url(database=_TEMPLATE))

    def set_fsync(self, *, on: bool) -> None:
        """Set whether commits reach the disk; what was written before is flushed first."""
        self._admin.execute("CHECKPOINT")
        self._admin.execute(f"ALTER SYSTEM SET fsync = {'on' if on else 'off'}")
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.execute("CHECKPOINT")

    def version(self) -> str:
        row = self._admin.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else ""

    @contextlib.contextmanager
    def fresh(self, *, migrated: bool) -> Iterator[str]:
        """The URL of a new database, with Coffer's schema or empty; dropped afterwards."""
        self._made += 1
        name = f"bench_{self._made}"
        template = _TEMPLATE if migrated else "template0"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._admin.execute("CHECKPOINT")
        try:
            yield self._server.url(database=name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._admin.close()


@contextlib.contextmanager
def running() -> Iterator[Databases]:
    """A server in a temporary folder, on loopback, which is removed afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder) / "postgres")
        server.start(PARAMETERS)
        try:
            databases = Databases(server)
            databases.set_fsync(on=False)
            yield databases
            databases.close()
        finally:
            server.stop()


@contextlib.contextmanager
def pinned(url: str) -> Iterator[None]:
    """A transaction that stays open, with its own snapshot and transaction id, so that nothing
    deleted after it began can be removed."""
    with psycopg.connect(url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute("SELECT pg_current_xact_id()")
        try:
            yield
        finally:
            conn.rollback()
