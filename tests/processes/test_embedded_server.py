"""The embedded server starts anywhere, survives a kill, and is found again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from sql.server import Server, ServerError
from tests import databases
from tests.databases import UNSAFE


@pytest.fixture(scope="module")
def folder():
    with databases.temporary_folder() as made:
        yield made / "postgres"


@pytest.fixture
def server(folder):
    """A server that is not running yet. It has the data of the test before."""
    server = Server(folder)
    yield server
    server.stop()


def add_row(server):
    """Commit a row; return how many there are."""
    with psycopg.connect(server.url(), autocommit=True) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        conn.execute("INSERT INTO kept VALUES (1)")
        return conn.execute("SELECT count(*) FROM kept").fetchone()[0]


def test_starting_twice_is_the_same_server(server):
    server.start(UNSAFE)
    pid = server.pid()
    server.start(UNSAFE)
    assert server.pid() == pid
    assert add_row(server)


def test_its_processes_read_for_themselves(server):
    server.start(UNSAFE)
    with psycopg.connect(server.url()) as conn:
        if conn.info.server_version < 180_000:
            pytest.skip("before 18, there is no other way")
        assert conn.execute("SHOW io_method").fetchone() == ("sync",)


def test_many_that_start_it_at_once_find_one_server(server):
    threads = [threading.Thread(target=server.start, args=(UNSAFE,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert add_row(server)


def test_committed_rows_survive_a_kill(server):
    server.start()
    before = add_row(server)
    os.kill(server.pid(), signal.SIGKILL)
    while server.pid() is not None:
        time.sleep(0.01)
    server.start()
    assert add_row(server) == before + 1


def test_a_pid_file_that_names_a_strangers_process_is_not_believed(server):
    server.start(UNSAFE)
    server.stop()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        pid_file = server.data / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{server.data}\n0\n5432\n\n\n\nready\n")
        try:
            assert server.pid() is None
            server.start(UNSAFE)
            assert server.pid() != stranger.pid
            assert add_row(server)
        finally:
            stranger.kill()


def test_it_asks_for_a_password(server):
    server.start(UNSAFE)
    wrong = server.url().replace(server.password(), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_url_of_a_server_that_does_not_run_is_an_error(server):
    with pytest.raises(ServerError, match="no PostgreSQL server runs"):
        server.url()


def test_a_folder_that_no_server_starts_in_is_a_plain_error(server):
    server.start(UNSAFE)
    server.stop()
    settings = server.data / "postgresql.conf"
    right = settings.read_text()
    settings.write_text("no_such_setting = 1\n")
    try:
        with pytest.raises(ServerError, match="no_such_setting"):
            server.start()
    finally:
        settings.write_text(right)


def test_a_stopped_server_is_gone(server):
    server.start(UNSAFE)
    url = server.url()
    server.stop()
    assert server.port() is None
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(url)
