"""Responses that go on: sent as it happens, without a thread, as long as somebody may listen."""

from __future__ import annotations

import contextlib
import http.client
import json
import time

import pytest

from tests.serving.conftest import Site
from webapp.serving import streams as module

pytestmark = pytest.mark.long

PATIENCE = 20


class Stream:
    """What a client reads of a stream, line by line."""

    def __init__(self, site, person, *, query="", **headers):
        token = person.client.environ_base["HTTP_AUTHORIZATION"]
        self.conn = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
        self.conn.request(
            "GET", f"/api/changes/stream{query}", headers={"Authorization": token, **headers}
        )
        self.response = self.conn.getresponse()
        self.status = self.response.status
        self.id = None

    def lines(self):
        while line := self.response.readline():
            yield line.decode().rstrip("\n")

    def next(self):
        """The next change; None at the end."""
        for line in self.lines():
            name, _, value = line.partition(": ")
            if name == "id":
                self.id = value
            if name == "data":
                return json.loads(value)
        return None


@pytest.fixture
def site(app):
    made = Site(app, threads=4)
    yield made
    made.stop()


@pytest.fixture
def listen(site):
    """Opens streams, which are closed when the test ends."""
    with contextlib.ExitStack() as opened:

        def open_one(person, **more):
            made = Stream(site, person, **more)
            opened.callback(made.conn.close)
            return made

        yield open_one


def add(person, title="Milk"):
    return person.client.post("/api/me/tasks", json={"title": title}).json["id"]


def eventually(check):
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_happens_is_sent_and_goes_on_where_it_broke_off(olga, listen):
    first = listen(olga)
    assert first.status == 200
    assert first.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    task = add(olga)
    assert first.next()["entity_id"] == task
    first.conn.close()
    missed = add(olga)
    second = listen(olga, **{"Last-Event-ID": first.id})
    assert second.next()["entity_id"] == missed
    later = add(olga)
    assert second.next()["entity_id"] == later
    page = olga.client.get("/api/changes", query_string={"since": first.id}).json
    assert [each["entity_id"] for each in page["items"]] == [missed, later]


def test_more_listen_than_there_are_threads_and_others_are_answered(people, site, listen):
    everybody = [people.person(f"p{number}") for number in range(3)]
    streams = [(person, listen(person)) for person in everybody for _ in range(4)]
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", site.port)) as other:
        other.request("GET", "/health")
        assert other.getresponse().status == 200
    ids = {person.id: add(person) for person in everybody}
    for person, stream in streams:
        assert stream.next()["entity_id"] == ids[person.id]


def test_a_filter_applies_and_heartbeats_move_on(olga, listen, monkeypatch):
    monkeypatch.setattr(module, "_HEARTBEAT_EVERY", 0.0)
    stream = listen(olga, query="?events=task.completed")
    before = next(line for line in stream.lines() if line.startswith("id: "))
    add(olga)
    beats = (line for line in stream.lines() if line.startswith("id: "))
    eventually(lambda: next(beats) != before)
    task = add(olga)
    olga.client.patch(f"/api/me/tasks/{task}/complete")
    assert stream.next()["event"] == "task.completed"


@pytest.mark.parametrize("how", ["log-out", "removal", "revocation"])
def test_it_ends_with_what_it_was_allowed_by(people, olga, site, listen, owner, how):
    workspace_id = people.workspace(olga)
    max_ = people.person("max")
    people.join(workspace_id, max_, "viewer")
    headers = {"X-Workspace-Id": str(workspace_id)}
    if how == "revocation":
        row, key = people.key(max_, ["workspace:changes:read"], workspace_id=workspace_id)
        max_.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    stream = listen(max_, **headers)
    assert stream.status == 200
    if how == "log-out":
        owner.execute("UPDATE sessions SET status = 'ended' WHERE id = %s", (max_.session_id,))
    elif how == "removal":
        owner.execute("DELETE FROM members WHERE user_id = %s AND role = 'viewer'", (max_.id,))
    else:
        owner.execute("DELETE FROM api_keys WHERE id = %s", (row["id"],))
    began = time.monotonic()
    assert stream.next() is None
    assert time.monotonic() - began < PATIENCE
    eventually(lambda: not site.worker.streams._listeners)


def test_who_listens_too_often_is_told_so_until_one_ends(olga, site, listen, monkeypatch):
    monkeypatch.setattr(module, "_MOST_OF_OWNER", 1)
    first = listen(olga)
    eventually(lambda: site.worker.streams._listeners)
    second = listen(olga)
    assert (second.status, json.load(second.response)["code"]) == (429, "too_many_streams")
    first.conn.close()
    first.response.close()
    eventually(lambda: not site.worker.streams._listeners)
    assert listen(olga).status == 200


def test_when_the_process_stops_streams_end_at_once(app, olga):
    stopping = Site(app, threads=4)
    stream = Stream(stopping, olga)
    eventually(lambda: stopping.worker.streams._listeners)
    began = time.monotonic()
    stopping.stop()
    assert stream.next() is None
    assert time.monotonic() - began < 5
    stream.conn.close()


def test_where_connections_cannot_be_kept_it_ends_with_what_there_is(olga):
    since = olga.client.get("/api/changes?since=now").json["next_cursor"]
    task = add(olga)
    eventually(lambda: olga.client.get(f"/api/changes?since={since}").json["items"])
    answer = olga.client.get(f"/api/changes/stream?since={since}")
    assert task in answer.text
    gone = olga.client.get("/api/changes/stream", headers={"Last-Event-ID": "x"})
    assert (gone.status_code, gone.json["code"]) == (400, "invalid_cursor")
