"""Reminders: each once, in the timeline and by mail to those who want it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workers.clock import fire_due
from workers.engine.loop import Worker
from workers.remind_tasks import remind_tasks

TASKS = "/api/me/tasks"
DUE = "2031-01-01T00:00:00Z"


@pytest.fixture
def remind(settings, owner, app_conn):
    """A round of a worker when the schedule fires, with a mail server or without."""

    def call(smtp_url="smtp://localhost"):
        owner.execute("UPDATE schedules SET next_run_at = now() WHERE kind = 'remind_tasks'")
        fire_due(app_conn)
        worker = Worker((remind_tasks,), replace(settings, smtp_url=smtp_url))
        try:
            assert worker.round() == 1
        finally:
            worker.close()

    return call


def note(person, title="Water the trees", **more):
    answer = person.client.post(TASKS, json={"title": title, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def reminded(owner):
    rows = owner.execute(
        "SELECT task.title FROM events JOIN tasks AS task ON task.id = entity_id"
        " WHERE event = 'task.reminded' AND events.user_id = task.user_id ORDER BY events.id"
    )
    return [title for (title,) in rows]


def mails(owner):
    rows = owner.execute("SELECT recipient, details ->> 'title' FROM mails ORDER BY id")
    return rows.fetchall()


def soon(**more):
    return (datetime.now(UTC) + timedelta(**more)).isoformat()


@pytest.mark.long
def test_each_is_reminded_of_once_when_it_is_time(olga, owner, remind):
    note(olga, "before", due_at=soon(minutes=29), remind_minutes_before=30)
    note(olga, "set", remind_at=soon(seconds=-1))
    note(olga, "day", due_on=f"{datetime.now(UTC):%Y-%m-%d}", remind_minutes_before=0)
    note(olga, "later", due_at=soon(minutes=40), remind_minutes_before=30)
    done = note(olga, "done", remind_at=soon(seconds=-1))
    olga.client.patch(f"{TASKS}/{done['id']}/complete")
    for _ in range(2):
        remind()
        assert sorted(reminded(owner)) == ["before", "day", "set"]
    assert sorted(mails(owner)) == [(olga.email, title) for title in ("before", "day", "set")]


@pytest.mark.long
def test_another_time_reminds_again_and_the_same_does_not(olga, owner, remind):
    task = note(olga, due_at=soon(minutes=5), remind_minutes_before=10)
    remind()
    path = f"{TASKS}/{task['id']}"
    assert olga.client.get(path).json["reminded_at"] is not None
    olga.client.put(path, json={"title": "x"})
    remind()
    assert len(reminded(owner)) == 1
    changed = olga.client.put(path, json={"title": "x", "due_at": soon(minutes=6)}).json
    assert changed["reminded_at"] is None
    remind()
    assert len(reminded(owner)) == 2


@pytest.mark.long
def test_who_wants_no_mail_gets_none(olga, owner, remind):
    account = olga.client.patch("/api/auth/me", json={"is_reminded_by_mail": False}).json
    assert account["is_reminded_by_mail"] is False
    note(olga, remind_at=soon(seconds=-1))
    remind()
    assert (reminded(owner), mails(owner)) == (["Water the trees"], [])


@pytest.mark.long
def test_without_a_mail_server_there_is_the_event(olga, owner, settings, app_conn, remind):
    note(olga, remind_at=soon(seconds=-1))
    owner.execute("UPDATE schedules SET next_run_at = now() WHERE kind = 'remind_tasks'")
    fire_due(app_conn)
    worker = Worker((remind_tasks,), replace(settings, smtp_url=None, environment="production"))
    worker.round()
    worker.close()
    assert (reminded(owner), mails(owner)) == (["Water the trees"], [])


@pytest.mark.long
def test_a_worker_that_dies_before_its_commit_leaves_it_to_the_next(
    olga, owner, remind, monkeypatch
):
    note(olga, remind_at=soon(seconds=-1))
    with monkeypatch.context() as patched:
        patched.setattr(
            "workers.remind_tasks.log.info", lambda *_, **__: (_ for _ in ()).throw(SystemExit)
        )
        with pytest.raises(SystemExit):
            remind()
    assert (reminded(owner), mails(owner)) == ([], [])
    owner.execute("UPDATE outbox SET run_after = now()")
    remind()
    assert (reminded(owner), len(mails(owner))) == (["Water the trees"], 1)


@pytest.mark.long
def test_the_next_one_reminds_as_long_before(olga):
    berlin = {"time_zone": "Europe/Berlin", "recurrence": "FREQ=DAILY"}
    for title, reminder, expected in (
        ("a", {"remind_minutes_before": 60}, "2031-03-30T06:00:00Z"),
        ("b", {"remind_at": "2031-03-28T20:00:00+01:00"}, "2031-03-29T19:00:00Z"),
    ):
        task = note(olga, title, due_at="2031-03-29T09:00:00+01:00", **berlin, **reminder)
        olga.client.patch(f"{TASKS}/{task['id']}/complete")
        listed = olga.client.get(TASKS, query_string={"status": "pending"}).json["items"]
        assert [each["remind_at"] for each in listed if each["title"] == title] == [expected]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"remind_minutes_before": 5}, "remind_minutes_before"),
        ({"remind_minutes_before": -1, "due_at": DUE}, "remind_minutes_before"),
        (
            {"remind_minutes_before": 40321, "due_at": DUE},
            "remind_minutes_before",
        ),
        ({"remind_at": DUE, "due_at": DUE, "remind_minutes_before": 5}, "remind_at"),
        ({"remind_at": "soon"}, "remind_at"),
    ],
    ids=str,
)
def test_bad_input_is_422_and_names_its_field(olga, given, field):
    answer = olga.client.post(TASKS, json={"title": "x", **given})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]


@pytest.mark.long
def test_one_way_to_remind_takes_the_place_of_the_other(olga):
    task = note(olga, due_at="2031-01-01T00:00:00Z", remind_minutes_before=10)
    path = f"{TASKS}/{task['id']}"

    def change(**change):
        answer = olga.client.put(path, json={"title": "x", **change})
        return (
            answer.status_code,
            answer.json.get("remind_at"),
            answer.json.get("remind_minutes_before"),
        )

    assert change() == (200, "2030-12-31T23:50:00Z", 10)
    assert change(due_at="2031-01-02T00:00:00Z") == (200, "2031-01-01T23:50:00Z", 10)
    assert change(remind_at="2031-01-01T08:00:00Z") == (200, "2031-01-01T08:00:00Z", None)
    assert change(due_at=None) == (200, "2031-01-01T08:00:00Z", None)
    assert change(remind_minutes_before=5) == (422, None, None)
    assert change(remind_at=None) == (200, None, None)


@pytest.mark.long
def test_a_far_reminder_of_a_rule_has_an_end(olga):
    task = note(
        olga,
        due_at="9000-01-01T00:00:00Z",
        recurrence="FREQ=YEARLY;INTERVAL=900",
        remind_at="9999-01-01T00:00:00Z",
    )
    olga.client.patch(f"{TASKS}/{task['id']}/complete")
    (following,) = olga.client.get(TASKS, query_string={"status": "pending"}).json["items"]
    assert (following["due_at"], following["remind_at"]) == ("9900-01-01T00:00:00Z", None)


@pytest.mark.long
def test_webhooks_are_told_in_the_personal_workspace_alone(olga, people, owner, remind):
    team = {"X-Workspace-Id": str(people.workspace(olga))}
    hook = {"url": "https://example.com/hook"}
    for headers in ({}, team):
        olga.client.post("/api/webhooks", json=hook, headers=headers)
        task = {"title": "x", "remind_at": soon(seconds=-1)}
        olga.client.post(TASKS, json=task, headers=headers)
    remind()
    assert len(reminded(owner)) == 2
    told = owner.execute(
        "SELECT workspace_id, event FROM webhook_deliveries WHERE event LIKE 'task.%' ORDER BY id"
    ).fetchall()
    assert told == [(olga.workspace_id, name) for name in ("task.created", "task.reminded")]
    assert owner.execute(
        "SELECT count(*) FROM webhook_deliveries WHERE event LIKE 'mail.%'"
    ).fetchone() == (0,)
