"""The PostgreSQL server that the tests run on, and databases in it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql as compose

from sql import provision, server
from sql.migrate import GRANTS, MIGRATIONS, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

# Faster, but not safe in a power cut, which no test survives anyway.
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

APP_ROLE = "coffer_test_app"
OWNER_ROLE = "coffer_test_owner"
PASSWORD = "for tests"

# Migrated databases, to be copied. The rest of the name is a digest of the files that make them.
_TEMPLATES = "coffer_test_template_"


@dataclass(frozen=True)
class Database:
    """The URLs of a migrated database: for the app, for its owner, and for the superuser."""

    url: str
    owner_url: str
    admin_url: str

    def connect(self, *, role: str = "owner") -> psycopg.Connection[Any]:
        url = {"app": self.url, "owner": self.owner_url, "admin": self.admin_url}[role]
        return psycopg.connect(url, autocommit=True)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder with a space in its name, which the account that runs root's servers can reach."""
    folder = Path(tempfile.mkdtemp(prefix="coffer test "))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_server() -> Iterator[server.Server]:
    """A separate server, which a test may stop, kill or freeze."""
    with temporary_folder() as folder:
        running = server.Server(folder / "postgres")
        try:
            running.start(UNSAFE | {"max_connections": "300"})
            yield running
        finally:
            running.stop()


@contextlib.contextmanager
def any_server(kind: str) -> Iterator[str]:
    """A superuser's URL for a server: TEST_DATABASE_URL, a container's, or an embedded server's."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        _drop_templates(url)
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
    if migrated:
        _copy_template(admin_url, name)
    else:
        _provide(admin_url, name)
    try:
        yield _database(admin_url, name)
    finally:
        _drop(admin_url, name)


def empty_tables(database: Database) -> list[str]:
    """The tables without rows. In a database that was just migrated, these are all tables that no
    migration fills."""
    with database.connect() as conn:
        tables = conn.execute(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename !~ 'yoyo' ORDER BY tablename"
        ).fetchall()
        first_row = compose.SQL("SELECT FROM {} LIMIT 1")
        return [
            name
            for (name,) in tables
            if conn.execute(first_row.format(compose.Identifier(name))).fetchone() is None
        ]


def make_template(admin_url: str) -> None:
    """Migrate a database now that others will be copies of."""
    with _alone(admin_url) as conn:
        _template(conn, admin_url)


def _copy_template(admin_url: str, name: str) -> None:
    """Make a database by copying a migrated one, in a tenth of the time of the migrations."""
    with _alone(admin_url) as conn:
        template = _template(conn, admin_url)
        conn.execute(
            compose.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
                *map(compose.Identifier, (name, OWNER_ROLE, template))
            )
        )
        # Privileges on the database itself are the only ones that are not copied.
        conn.execute(
            compose.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(
                compose.Identifier(name)
            )
        )


def _template(conn: psycopg.Connection[Any], admin_url: str) -> str:
    """The name of the migrated database, which the first process that needs it makes."""
    files = sorted([*MIGRATIONS.glob("*.sql"), GRANTS])
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    template = f"{_TEMPLATES}{digest[:12]}"
    known = conn.execute("SELECT FROM pg_database WHERE datname = %s", (template,)).fetchone()
    if known is None:
        # It gets its name when it is complete; what a killed run has left has another name.
        half = f"{template}_half"
        _drop(admin_url, half)
        _provide(admin_url, half)
        made = _database(admin_url, half)
        migrate(made.owner_url, app_url=made.url)
        conn.execute(
            compose.SQL("ALTER DATABASE {} RENAME TO {}").format(
                compose.Identifier(half), compose.Identifier(template)
            )
        )
    return template


def _drop_templates(admin_url: str) -> None:
    with _alone(admin_url) as conn:
        rows = conn.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (_TEMPLATES,)
        ).fetchall()
        for (name,) in rows:
            _drop(admin_url, name)


@contextlib.contextmanager
def _alone(admin_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that has the templates to itself, even if other processes want them."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(hashtext(%s))", (_TEMPLATES,))
        yield conn


def _provide(admin_url: str, name: str) -> None:
    provision.provide(
        admin_url, database=name, owner=OWNER_ROLE, app_role=APP_ROLE, password=PASSWORD
    )


def _database(admin_url: str, name: str) -> Database:
    return Database(
        url=_with(admin_url, database=name, user=APP_ROLE),
        owner_url=_with(admin_url, database=name, user=OWNER_ROLE),
        admin_url=_with(admin_url, database=name),
    )


def _drop(admin_url: str, name: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(
            compose.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(compose.Identifier(name))
        )


def _with(url: str, *, database: str, user: str | None = None) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{user}:{PASSWORD.replace(' ', '%20')}" if user else parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{login}@{place}", path=f"/{database}").geturl()


def waiting(owner):
    """How many transactions in this database wait for another one."""
    (number,) = owner.execute(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE datname = current_database() AND NOT granted"
    ).fetchone()
    return number
