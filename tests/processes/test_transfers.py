"""A worker that is killed in the middle of an import loses nothing and doubles nothing."""

from __future__ import annotations

import threading

import pytest

from tests import databases
from tests.clients.drives.test_webdav import listing
from tests.clients.site import Site, response
from tests.processes import eventually, running, serving

LETTER = b"%PDF-1.7\n" + b"a letter\n" * 100_000 + b"%%EOF\n"


class SlowDrive(Site):
    """A WebDAV server that sends half of a file, and the rest when it is told to."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.going_on = threading.Event()
        self.pages["/dav/"] = response(listing("/dav/a.pdf").encode(), "207 Multi-Status")
        self.pages["/dav/a.pdf"] = self.send_slowly

    def send_slowly(self, connection):
        whole = response(LETTER)
        half = len(whole) // 2
        connection.send(whole[:half])
        self.asked += 1
        self.going_on.wait(30)
        connection.send(whole[half:])


@pytest.fixture
def database(server_url):
    with databases.new_database(server_url, "coffer_transfers") as made:
        yield made


def test_a_worker_killed_in_the_middle_of_an_import_loses_and_doubles_nothing(database, tmp_path):
    ours = {"FETCH_ALLOW_LOOPBACK": "true", "STORAGE_URL": (tmp_path / "objects").as_uri()}
    (tmp_path / "objects").mkdir()

    def worker():
        command = ("coffer", "work", "--every", "100ms", "--lease", "2s")
        kinds = ("--kinds", "run_transfers,delete_objects,expire_objects")
        return running(*command, *kinds, database=database, **ours)

    def rows(query):
        with database.connect() as conn:
            return conn.execute(query).fetchall()

    with SlowDrive() as drive, serving(database, **ours) as web:
        made = {"provider": "webdav", "name": "Scans", "base_url": drive.url("/dav")}
        made |= {"user": "ana", "password": "x"}
        status, _, connection = web("POST", "/api/connections", made)
        assert status == 201, connection
        begun = {"paths": ["a.pdf"]}
        status, _, answer = web("POST", f"/api/connections/{connection['id']}/import", begun)
        assert status == 202, answer
        path = f"/api/transfers/{answer['items'][0]['id']}"
        with worker() as killed:
            eventually(lambda: drive.asked == 1)
            eventually(lambda: (web("GET", path)[2]["progress"] or {}).get("done", 0) > 0)
            killed.kill()
            killed.wait()
        drive.going_on.set()
        with worker():
            eventually(lambda: web("GET", path)[2]["status"] == "completed")
            # What the killed worker had reserved is released when its time is up.
            with database.connect() as conn:
                conn.execute("UPDATE objects SET expires_at = now() WHERE status = 'writing'")
                conn.execute(
                    "INSERT INTO outbox (kind, subject_id) VALUES ('expire_objects', uuidv7())"
                )
            eventually(lambda: rows("SELECT status FROM objects") == [("stored",)])
        assert len(web("GET", "/api/documents")[2]["items"]) == 1
        assert web("GET", "/api/quota")[2]["used_bytes"] == len(LETTER)
    files = [each for each in (tmp_path / "objects").rglob("*.pdf") if each.is_file()]
    assert [each.read_bytes() for each in files] == [LETTER]
    assert drive.asked == 2
