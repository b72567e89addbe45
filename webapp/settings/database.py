"""The database, and how long history is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sql import server
from webapp.settings.declaration import at_least, days_kept, scheme_of, setting
from webapp.settings.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake

PROJECT: Final = Path(__file__).parents[2]

# The two roles and the database of the embedded server, as created by `make dev`.
DEVELOPMENT_DATABASE: Final = "coffer"
DEVELOPMENT_APP_ROLE: Final = "coffer_app"
DEVELOPMENT_OWNER_ROLE: Final = "coffer_owner"


def _postgresql(url: str) -> None:
    if scheme_of(url) not in ("postgresql", "postgres"):
        raise ValueError("must begin with postgresql://")


def _embedded(environment: str, role: str) -> str:
    """The URL of the server that `make dev` started; empty if there is none."""
    if environment != "development":
        return ""
    try:
        embedded = server.Server(server.folder_for(PROJECT))
        return embedded.url(user=role, database=DEVELOPMENT_DATABASE)
    except (server.ServerError, OSError):
        return ""


def _owner_of(environment: str, database_url: str) -> str:
    """The owner's URL for the database that the app's role reaches by this URL."""
    if database_url == _embedded(environment, DEVELOPMENT_APP_ROLE):
        return _embedded(environment, DEVELOPMENT_OWNER_ROLE)
    return database_url


@dataclass(frozen=True, kw_only=True)
class Database(Web):
    """The database."""

    database_url: str = setting(
        derived=lambda found: _embedded(found.environment, DEVELOPMENT_APP_ROLE),
        check=_postgresql,
        secret=True,
        example="postgresql://coffer_app:password@localhost/coffer",
        about="""
        The database for the app: a role that may read and write rows and nothing else. In
        development the default is the embedded server of `make dev`.
        """,
    )
    database_migrate_url: str = setting(
        derived=lambda found: _owner_of(found.environment, found.database_url),
        check=_postgresql,
        secret=True,
        example="postgresql://coffer_owner:password@localhost/coffer",
        about="""
        The database for migrations: the role that owns the tables. The default is DATABASE_URL.
        """,
    )
    database_pooler: bool = setting(
        False,
        about="""
        Whether DATABASE_URL leads to a pooler that lends a connection per transaction, such as
        PgBouncer with pool_mode = transaction. Then no statement is prepared, and nothing is set
        for a whole connection.
        """,
    )
    database_listen_url: str | None = setting(
        None,
        derived=lambda found: None if found.database_pooler else found.database_url,
        check=_postgresql,
        secret=True,
        example="postgresql://coffer_app:password@localhost/coffer",
        about="""
        The database without a pooler, where workers are notified of new work. The default is
        DATABASE_URL. Behind a pooler there is no default: workers look for work once a second.
        """,
    )
    database_pool_size: int = setting(
        9,
        derived=lambda found: found.web_threads + 1,
        check=at_least(1),
        about="""
        The maximum number of database connections of each web process. The default is one for each
        thread and one for the health check; with fewer, requests wait for each other.
        """,
    )
    events_kept_days: int = setting(
        0,
        check=days_kept(30),
        about="How many days events are kept, 30 or more; 0 keeps them forever.",
    )

    def mistakes(self) -> Iterator[Mistake]:
        if not self.database_url:
            yield (
                "DATABASE_URL",
                "missing; in development `make dev` starts a database, elsewhere name one: "
                "postgresql://user:password@host/database",
            )
