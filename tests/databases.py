"""The PostgreSQL server that the tests run on, and databases in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql as compose

from sql import server
from sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

# Faster, and unsafe against a power cut, which no test survives anyway.
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

APP_ROLE = "coffer_test_app"
OWNER_ROLE = "coffer_test_owner"
PASSWORD = "for tests"


@dataclass(frozen=True)
class Database:
    """A migrated database: as the app sees it, as its owner does, and as the superuser."""

    url: str
    owner_url: str
    admin_url: str

    def connect(self, *, role: str = "owner") -> psycopg.Connection[Any]:
        url = {"app": self.url, "owner": self.owner_url, "admin": self.admin_url}[role]
        return psycopg.connect(url, autocommit=True)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that the account which runs root's servers can reach, with a space in its name."""
    folder = Path(tempfile.mkdtemp(prefix="coffer test "))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_server() -> Iterator[server.Server]:
    """A server of one's own, to stop, kill or freeze."""
    with temporary_folder() as folder:
        running = server.Server(folder / "postgres")
        try:
            running.start(UNSAFE | {"max_connections": "300"})
            yield running
        finally:
            running.stop()


@contextlib.contextmanager
def any_server(kind: str) -> Iterator[str]:
    """A superuser's URL for a server: TEST_DATABASE_URL's, a container's, or an embedded one's."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
    elif kind == "container":
        from testcontainers.postgres import PostgresContainer

        with PostgresContainer("postgres:18", driver=None) as container:
            yield container.get_connection_url()
    else:
        with private_server() as running:
            yield running.url()


@contextlib.contextmanager
def new_database(admin_url: str, name: str, *, migrated: bool = True) -> Iterator[Database]:
    """A database of that name, dropped at the end."""
    server.provide(admin_url, database=name, owner=OWNER_ROLE, app_role=APP_ROLE, password=PASSWORD)
    made = Database(
        url=_with(admin_url, database=name, user=APP_ROLE),
        owner_url=_with(admin_url, database=name, user=OWNER_ROLE),
        admin_url=_with(admin_url, database=name),
    )
    try:
        if migrated:
            migrate(made.owner_url, app_url=made.url)
        yield made
    finally:
        with psycopg.connect(admin_url, autocommit=True) as conn:
            conn.execute(
                compose.SQL("DROP DATABASE {} WITH (FORCE)").format(compose.Identifier(name))
            )


def _with(url: str, *, database: str, user: str | None = None) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{user}:{PASSWORD.replace(' ', '%20')}" if user else parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{login}@{place}", path=f"/{database}").geturl()
