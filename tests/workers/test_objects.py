"""The store and the database, compared: differences are found, and repaired where possible."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace

import pytest

from tests.workers.test_cli import coffer
from tests.workers.test_read_documents import upload
from webapp.clients.storage.choice import store_from
from workers import reconcile_objects as module
from workers.delete_objects import Storage
from workers.reconcile_objects import reconcile_objects

OLD = time.time() - 2 * 86_400


@pytest.fixture
def store(settings):
    """The store, emptied."""
    made = store_from(settings.storage_url)
    made.prepare()
    made.delete([stored.key for stored in made.objects()])
    return made


@pytest.fixture
def keys(ana, store, owner):
    """The keys of the files of three documents that were uploaded two days ago."""
    for number in range(3):
        upload(ana, f"Letter {number}".encode(), f"{number}.txt")
    owner.execute("UPDATE objects SET created_at = created_at - interval '2 days'")
    return [key for (key,) in owner.execute("SELECT key FROM objects ORDER BY key").fetchall()]


@pytest.fixture
def asked(database, settings):
    return lambda *arguments: coffer(
        "objects", *arguments, DATABASE_URL=database.url, STORAGE_URL=settings.storage_url
    )


def place(store, key):
    return store._place(key)


def unknown_object(store, key="null/0/forgotten.txt", *, at=OLD):
    store.put(key, [b"nobody's"])
    os.utime(place(store, key), (at, at))
    return key


def test_what_fits_is_said_in_a_line(asked, keys):
    answer = asked("check")
    assert (answer.exit_code, answer.stdout) == (0, "3 objects in the store\n")


@pytest.mark.long
def test_what_differs_is_listed_and_nothing_is_changed(asked, keys, store, owner):
    place(store, keys[0]).unlink()
    place(store, keys[1]).write_bytes(b"x")
    forgotten = unknown_object(store)
    owner.execute("UPDATE quotas SET used_bytes = used_bytes + 7")
    for _ in range(2):
        answer = asked("check")
        assert answer.exit_code == 3
        said = answer.stdout.splitlines()
        assert said[0] == "3 objects in the store"
        assert said[1:3] == ["1 object is missing:", f"  {keys[0]}"]
        assert said[3:5] == ["1 object has another length:", f"  {keys[1]}"]
        assert said[5:7] == ["1 object is unknown:", f"  {forgotten}"]
        assert said[7] == "1 user's quota differs:"


@pytest.mark.long
def test_repair_removes_what_is_unknown_and_recounts(asked, ana, keys, store, owner):
    unknown_object(store)
    used = ana.get("/api/quota").json["used_bytes"]
    owner.execute("UPDATE quotas SET used_bytes = used_bytes + 7")
    assert asked("repair").exit_code == 0
    assert [stored.key for stored in store.objects()] == keys
    assert ana.get("/api/quota").json["used_bytes"] == used
    assert asked("check").exit_code == 0


@pytest.mark.long
def test_what_is_missing_stays_so_and_is_reported(asked, keys, store):
    place(store, keys[2]).unlink()
    assert asked("repair").exit_code == 3
    assert asked("check").exit_code == 3


@pytest.mark.long
def test_what_is_being_uploaded_is_no_difference(asked, keys, store, owner):
    unknown_object(store, at=time.time())
    owner.execute("UPDATE objects SET status = 'doomed' WHERE key = %s", (keys[0],))
    place(store, keys[0]).unlink()
    assert asked("check").exit_code == 0


def test_a_store_that_is_away_is_one_plain_line(database, tmp_path):
    url = (tmp_path / "nowhere").as_uri()
    answer = coffer("objects", "check", DATABASE_URL=database.url, STORAGE_URL=url)
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("Error: ")


@pytest.mark.long
def test_a_store_is_made_before_its_first_object_but_one_that_is_gone_is_told(
    ana, owner, worker, logged, tmp_path
):
    unmade = tmp_path / "store"
    clients = Storage(store_from(unmade.as_uri()))
    reconciling = worker(replace(reconcile_objects, open_clients=lambda _: clients))
    owner.execute("DELETE FROM outbox")
    owner.execute("INSERT INTO outbox (kind, subject_id, workspace_id) VALUES (%s, %s, %s)", NIGHT)
    reconciling.round()
    assert unmade.is_dir()
    events = [line["event"] for line in logged]
    assert "objects_reconciled" in events
    assert "attempt_failed" not in events
    shutil.rmtree(unmade)
    upload(ana, b"A letter", "letter.txt")
    owner.execute("DELETE FROM outbox")
    owner.execute("INSERT INTO outbox (kind, subject_id, workspace_id) VALUES (%s, %s, %s)", NIGHT)
    reconciling.round()
    assert not unmade.exists()
    (failed,) = [line for line in logged if line["event"] == "attempt_failed"]
    assert "does not exist" in failed["error"]


@pytest.mark.long
@pytest.mark.parametrize("step", [1, 2, 3, 5_000])
def test_every_night_it_is_logged_step_by_step(
    monkeypatch, ana, keys, store, owner, worker, logged, step
):
    monkeypatch.setattr(module, "_STEP", step)
    place(store, keys[1]).unlink()
    forgotten = unknown_object(store)
    used = ana.get("/api/quota").json["used_bytes"]
    owner.execute("UPDATE quotas SET used_bytes = used_bytes + 7")
    owner.execute("DELETE FROM outbox")
    owner.execute("INSERT INTO outbox (kind, subject_id, workspace_id) VALUES (%s, %s, %s)", NIGHT)
    reconciling = worker(reconcile_objects)
    while reconciling.round():
        pass
    told = [line for line in logged if line["event"] == "objects_reconciled"]
    assert len(told) == 3 // step + 1
    assert sum(line["objects"] for line in told) == 3
    assert [key for line in told for key in line["missing"]] == [keys[1]]
    assert [key for line in told for key in line["unknown"]] == [forgotten]
    assert store.size(forgotten) is not None
    assert ana.get("/api/quota").json["used_bytes"] == used
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


NIGHT = (
    "reconcile_objects",
    "00000000-0000-7000-8000-000000000001",
    "00000000-0000-0000-0000-000000000000",
)
