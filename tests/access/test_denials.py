"""Denied permissions in the audit log (webapp/access/denials.py)."""

from __future__ import annotations

import threading

import psycopg
import pytest

from webapp.access import denials
from webapp.access.denials import Denials

LOG = "/api/admin/audit"


def entries(owner):
    return owner.execute(
        "SELECT action, user_id, request_id, (details ->> 'times')::integer"
        " FROM audit_log WHERE action = 'permission.denied' ORDER BY id"
    ).fetchall()


@pytest.fixture(autouse=True)
def nothing_counted(app, owner):
    """Repeated denials of other tests are written beforehand, not while this one counts."""
    denials._denials.of(app).flush()
    owner.execute("DELETE FROM audit_log")


@pytest.mark.long
def test_what_is_denied_again_is_one_entry_with_a_count(app, olga, owner):
    for number in range(50):
        answer = olga.client.get(LOG, headers={"X-Request-Id": f"r-{number}"})
        assert answer.status_code == 403
    assert entries(owner) == [("permission.denied", olga.id, "r-0", None)]
    denials._denials.of(app).flush()
    assert entries(owner)[1:] == [("permission.denied", olga.id, "r-49", 49)]
    denials._denials.of(app).flush()
    assert len(entries(owner)) == 2


@pytest.mark.long
def test_another_route_and_another_caller_count_as_first(app, people, olga, owner):
    otto = people.person("otto")
    for person in (olga, otto):
        for _ in range(3):
            assert person.client.get(LOG).status_code == 403
            assert person.client.get("/api/admin/users").status_code == 403
    assert [(user, times) for _, user, _, times in entries(owner)] == [
        *((olga.id, None), (olga.id, None), (otto.id, None), (otto.id, None))
    ]


class Written(list):
    """Takes the place of the audit log."""

    def __call__(self, entry, times):
        self.append((entry["n"], times))


def test_repeated_denials_are_written_each_time_and_are_new_after_a_pause():
    written = Written()
    counted = Denials(written, 86_400.0)
    assert counted.is_first("key", {"n": 1})
    assert not counted.is_first("key", {"n": 2})
    counted.flush()
    assert not counted.is_first("key", {"n": 3})
    assert not counted.is_first("key", {"n": 4})
    counted.flush()
    assert written == [(2, 1), (4, 2)]
    counted.flush()
    assert counted.is_first("key", {"n": 5})
    assert written == [(2, 1), (4, 2)]


def test_what_was_counted_is_written_by_itself():
    written = threading.Event()
    counted = Denials(lambda *_: written.set(), 0.01)
    assert counted.is_first("key", {})
    while not written.wait(0.005):
        counted.is_first("key", {})


def test_what_cannot_be_written_does_not_keep_the_rest_from_being_written(logged):
    written = Written()

    def write(entry, times):
        if entry["n"] == 1:
            raise psycopg.OperationalError("away")
        written(entry, times)

    counted = Denials(write, 86_400.0)
    for n in (1, 2):
        for _ in range(2):
            counted.is_first(n, {"n": n})
    counted.flush()
    assert written == [(2, 1)]
    assert [line["event"] for line in logged] == ["denials_not_recorded"]


def test_more_than_can_be_counted_are_all_written(monkeypatch):
    monkeypatch.setattr(denials, "_MOST_COUNTED", 2)
    counted = Denials(Written(), 86_400.0)
    assert [counted.is_first(n, {"n": n}) for n in (1, 2, 3, 3, 1)] == [True] * 4 + [False]


@pytest.mark.parametrize(("state", "status"), [("25006", 403), ("53100", 403), ("57P01", 503)])
def test_a_denial_that_is_not_written_is_still_a_denial(olga, monkeypatch, logged, state, status):
    def refuse(conn, *_, **__):
        conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")

    monkeypatch.setattr("webapp.access.audit.write", refuse)
    assert olga.client.get(LOG).status_code == status
    assert ("denial_not_recorded" in [line["event"] for line in logged]) == (status == 403)
