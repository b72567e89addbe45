"""The web's connections (webapp/http/db.py, webapp/http/pool.py)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.http.pool import is_alive


@pytest.mark.long
def test_connections_that_the_server_closed_are_replaced_unnoticed(sign_in, owner, app_conn):
    def call(_):
        return sign_in("ana").get("/api/items/pending").status_code

    with ThreadPoolExecutor(10) as threads:
        assert set(threads.map(call, range(50))) == {200}
        ended = app_conn.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE application_name = 'coffer web' AND datname = current_database()"
        )
        assert len(ended.fetchall()) > 1
        assert set(threads.map(call, range(50))) == {200}


def test_a_living_connection_is_not_asked(database):
    with database.connect(role="app") as conn:
        before = conn.execute(
            "SELECT query_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        time.sleep(0.01)
        assert is_alive(conn)
        with database.connect(role="admin") as admin:
            last = admin.execute(
                "SELECT query_start FROM pg_stat_activity WHERE pid = %s", (conn.info.backend_pid,)
            ).fetchone()
        assert last == before


@pytest.mark.long
def test_a_connection_without_its_server_is_known(database):
    with database.connect(role="app") as conn, database.connect(role="admin") as admin:
        assert is_alive(conn)
        admin.execute("SELECT pg_terminate_backend(%s, 1000)", (conn.info.backend_pid,))
        assert not is_alive(conn)
