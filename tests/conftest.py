"""Fixtures: a real PostgreSQL, the app over HTTP, and workers that run one round at a time."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import threading
from collections import Counter
from dataclasses import replace
from types import FunctionType
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog

from sql import queries
from tests import databases
from tests.anvil import Anvil
from tests.anvil import anvil as running_anvil
from tests.closing import ClosingClient, close_answers
from tests.factories import Factory
from tests.people import People, Person
from tests.tiers import left_out
from webapp.http import db
from webapp.rules.first_line import first_line_with_a_word
from webapp.settings import Settings
from webapp.telemetry import logs
from workers.engine.loop import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from webapp.http.installed import Installed
    from workers.engine.kind import Kind

# Until all tests are collected, nearly everything that is made stays.
gc.disable()

_SERVER = pytest.StashKey[contextlib.ExitStack]()
_URL = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        choices=["embedded", "container"],
        default="embedded",
        help="where PostgreSQL comes from, unless TEST_DATABASE_URL names one",
    )
    parser.addoption("--deep", action="store_true", help="make up ten times the input, by chance")
    parser.addoption("--chaos-seconds", type=float, default=10, help="how long things go wrong")
    parser.addoption("--chaos-seed", type=int, help="what goes wrong, to see it again")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.deep:
        from tests import fuzzing

        fuzzing.deep = True


def pytest_pycollect_makeitem(collector: pytest.Collector, obj: object) -> list[pytest.Item] | None:
    """Make no tests, one for each parameter, of a function whose marker is not wanted."""
    if type(obj) is not FunctionType:
        return None
    marks = {mark.name for mark in getattr(obj, "pytestmark", [])}
    return [] if marks & left_out(collector.config.option.markexpr) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("fuzz")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from examining imported modules again and again, which takes a
    tenth of the time of a run."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(100_000, 20, 100)


def pytest_sessionstart(session: pytest.Session) -> None:
    """One server for all processes of the run: the first one starts it and passes its URL on."""
    config = session.config
    if hasattr(config, "workerinput"):
        config.stash[_URL] = config.workerinput["database_url"]
    elif not config.option.collectonly:
        config.stash[_SERVER] = contextlib.ExitStack()
        running = databases.any_server(config.option.postgres)
        url = config.stash[_URL] = config.stash[_SERVER].enter_context(running)
        if config.getoption("numprocesses", None):
            early = threading.Thread(target=_make_template, args=(url,))
            early.start()
            config.stash[_SERVER].callback(early.join)


def _make_template(url: str) -> None:
    """Migrate while the processes collect their tests. What fails here fails there again."""
    with contextlib.suppress(Exception):
        databases.make_template(url)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["database_url"] = node.config.stash[_URL]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVER in config.stash:
        config.stash[_SERVER].close()


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> str:
    """A superuser's URL for the server that the tests share."""
    return pytestconfig.stash[_URL]


@pytest.fixture(scope="session")
def migrated(server_url: str) -> Iterator[databases.Database]:
    """A database that tests of this process share, one after the other."""
    with databases.new_database(server_url, f"coffer_test_{os.getpid()}") as made:
        yield made


@pytest.fixture(scope="session")
def shared_owner(migrated: databases.Database) -> Iterator[psycopg.Connection[Any]]:
    with migrated.connect() as conn:
        yield conn


@pytest.fixture(scope="session")
def forget(migrated: databases.Database) -> Iterator[Callable[[], object]]:
    """Empties the tables that no migration fills, and thus everything that tests have written.

    By DELETE, because TRUNCATE takes twenty times as long for tables that are nearly empty; and in
    the role of a replica, without triggers and foreign keys, so that the order does not matter.
    """
    tables = databases.empty_tables(migrated)
    with migrated.connect(role="admin") as conn:
        conn.execute("SET session_replication_role = replica")
        # A function, because its statements are only planned once.
        deletions = "".join(f"DELETE FROM {table}; " for table in tables)
        conn.execute(
            "CREATE FUNCTION pg_temp.forget() RETURNS void LANGUAGE plpgsql"
            f" AS $$ BEGIN {deletions} END $$"
        )
        yield lambda: conn.execute("SELECT pg_temp.forget()")


@pytest.fixture
def database(migrated: databases.Database, forget: Callable[[], object]) -> databases.Database:
    """The database, as empty as after its migrations."""
    forget()
    return migrated


@pytest.fixture
def owner(
    database: databases.Database,  # empties the tables
    shared_owner: psycopg.Connection[Any],
) -> psycopg.Connection[Any]:
    """A connection as the owner, in autocommit mode."""
    return shared_owner


@pytest.fixture(scope="session")
def shared_app_conns() -> Iterator[list[psycopg.Connection[Any]]]:
    """The connection as the app's role that tests share, after those that a test has lost."""
    made: list[psycopg.Connection[Any]] = []
    yield made
    for conn in made:
        conn.close()


@pytest.fixture
def app_conn(
    database: databases.Database, shared_app_conns: list[psycopg.Connection[Any]]
) -> psycopg.Connection[Any]:
    """A connection as the app's role, in autocommit mode."""
    if not (shared_app_conns and _resets(shared_app_conns[-1])):
        shared_app_conns.append(database.connect(role="app"))
    return shared_app_conns[-1]


def _resets(conn: psycopg.Connection[Any]) -> bool:
    """Undo the settings of a test; returns whether the connection still works."""
    try:
        conn.execute("RESET ALL")
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def make(app_conn: psycopg.Connection[Any]) -> Factory:
    """Makes rows the way the app does."""
    return Factory(app_conn)


@pytest.fixture(scope="session")
def settings(migrated: databases.Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        storage_url=tmp_path_factory.mktemp("objects").as_uri(),
        environment="development",
        database_url=migrated.url,
        database_migrate_url=migrated.owner_url,
        secret_key="a secret for tests only, of 32 characters or more",
        database_pool_size=25,
        fetch_allow_loopback=True,
        # Cheap parameters: what matters is how passwords are used, not how long a guess takes.
        webhook_allow_loopback=True,
        argon2_memory_kib=64,
        argon2_time_cost=1,
        rate_limit_reads=0,
        rate_limit_writes=0,
        access_check_seconds=0,
    )


@pytest.fixture(scope="session")
def shared_app(settings: Settings) -> Iterator[Flask]:
    with pytest.MonkeyPatch.context() as patched:
        # Repeated denials of one test must not be written while another one counts entries.
        patched.setattr("webapp.access.denials._SECONDS", 86_400.0)
        app = _create_app(settings)
    app.test_client_class = ClosingClient
    yield app
    _close(app)


@pytest.fixture(scope="session")
def kept_apps() -> Iterator[dict[Settings, list[Flask]]]:
    """The apps with other settings that tests have asked for: each takes a third of a second."""
    kept: dict[Settings, list[Flask]] = {}
    yield kept
    for app in itertools.chain.from_iterable(kept.values()):
        _close(app)


def _create_app(settings: Settings) -> Flask:
    # The process that hands out the tests runs none, and begins sooner without.
    from webapp.app import create_app

    return create_app(settings)


def _close(app: Flask) -> None:
    from webapp.blueprints.documents.reading import own_readers

    db.pool.of(app).close()
    own_readers.of(app).close()


@pytest.fixture
def make_app(
    settings: Settings, database: databases.Database, kept_apps: dict[Settings, list[Flask]]
) -> Iterator[Callable[..., Flask]]:
    """Gives apps with some settings changed, each time a different one, as in another process.

    The next test gets the same apps, but cannot notice: what they remember, they remember by id,
    and users and sessions are new.
    """
    given: Counter[Settings] = Counter()

    def make(**changes: Any) -> Flask:
        wanted = replace(settings, **changes)
        made = kept_apps.setdefault(wanted, [])
        if given[wanted] == len(made):
            made.append(_create_app(wanted))
            made[-1].test_client_class = ClosingClient
            logs.configure(settings)  # which the other app has configured differently
        given[wanted] += 1
        return made[given[wanted] - 1]

    yield make
    close_answers()


@pytest.fixture
def app(shared_app: Flask, database: databases.Database) -> Iterator[Flask]:
    yield shared_app
    close_answers()


@pytest.fixture
def stand_in(app: Flask) -> Iterator[Callable[[Installed[Any], Any], Any]]:
    """Replaces something that is installed in the app until the test ends."""
    with contextlib.ExitStack() as back:

        def put(installed: Installed[Any], other: Any) -> Any:
            back.callback(installed.install, app, installed.of(app))
            return installed.install(app, other)

        yield put


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """Gives a client that is signed in as a user, by handle."""

    def as_user(handle: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_X_DEV_USER_ID"] = handle
        return client

    return as_user


@pytest.fixture
def ana(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """A client that is signed in as the user Ana."""
    return sign_in("ana")


@pytest.fixture
def people(app: Flask, make: Factory, owner: psycopg.Connection[Any]) -> People:
    """Makes people who sign in as in production, and their workspaces."""
    return People(app, make, owner)


@pytest.fixture
def olga(people: People) -> Person:
    """Somebody with an account, a workspace of her own and a session."""
    return people.person("olga")


@pytest.fixture
def worker(
    settings: Settings,
    database: databases.Database,
) -> Iterator[Callable[..., Worker]]:
    """Makes workers for some kinds, whose rounds a test calls."""
    made = []

    def make_worker(*kinds: Kind, **options: Any) -> Worker:
        made.append(Worker(kinds, settings, **options))
        return made[-1]

    yield make_worker
    for each in made:
        each.close()


@pytest.fixture
def is_ready(app_conn: psycopg.Connection[Any]) -> Callable[..., None]:
    """Makes a document ready with a text, as a worker that has read it does."""

    def read(document_id: str, text: str, language: str = "en") -> None:
        mine = {"id": document_id}
        with app_conn.transaction():
            app_conn.execute("SELECT set_config('coffer.actor', 'worker:read_documents', true)")
            (given,) = queries.documents.load_for_reading(app_conn, ids=[document_id])
            version = {"version_id": given["version_id"]}
            text_id = queries.documents.keep_text(
                app_conn, **version, pages=1, ocr_pages=[], text=text, language=language
            )
            queries.documents.save_reading(
                app_conn,
                **mine,
                **version,
                media_type="application/pdf",
                kind="pdf",
                text_id=text_id,
                language=language,
                title=first_line_with_a_word(text),
                dated_on=None,
            )
            app_conn.execute(
                "DELETE FROM outbox WHERE kind = 'read_documents' AND subject_id = %s",
                (document_id,),
            )

    return read


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    """A node of a chain that tests of this process share. Each has a contract of its own."""
    with running_anvil() as node:
        yield node


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """What was logged through structlog during the test."""
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars, logs.tell_work]
    ) as lines:
        yield lines
