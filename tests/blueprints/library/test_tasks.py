"""Tasks over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.blueprints.examples import Examples
from tests.factories import NOWHERE
from tests.people import PASSWORD

EXAMPLES = Examples(
    things={"task_id": lambda place: place.make.task(place.owner, place.workspace_id)["id"]},
    words={"user": "me"},
    personal={"task_id"},
    bodies={"tasks.replace": {"title": "x"}},
)

TASKS = "/api/me/tasks"


def note(person, title="Order the posts", **more):
    answer = person.client.post(TASKS, json={"title": title, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def titles(person, **query):
    """The titles of a whole list, page by page."""
    found, cursor = [], None
    while True:
        page = person.client.get(TASKS, query_string=query | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.json
        found += [task["title"] for task in page.json["items"]]
        cursor = page.json["next_cursor"]
        if cursor is None:
            return found


def events_of(owner, task):
    rows = owner.execute("SELECT event FROM events WHERE entity_id = %s ORDER BY id", (task["id"],))
    return [event for (event,) in rows]


@pytest.mark.long
def test_a_task_goes_from_its_note_to_its_end(olga, owner):
    task = note(
        olga, description="Of oak", due_at="2026-12-01T09:00:00.25Z", tags=["oak", "Garden"]
    )
    assert task["tags"] == ["Garden", "oak"]
    assert (task["completed"], task["description"]) == (False, "Of oak")
    path = f"{TASKS}/{task['id']}"
    assert olga.client.get(path).json == task
    done = olga.client.patch(f"{path}/complete").json
    assert done["completed"]
    assert done["completed_at"] is not None
    again = olga.client.patch(f"{path}/complete").json
    assert (again["completed"], again["completed_at"]) == (False, None)
    assert olga.client.delete(path).status_code == 204
    assert olga.client.get(path).status_code == 404
    assert events_of(owner, task) == [
        "task.created",
        "task.completed",
        "task.reopened",
        "task.deleted",
    ]


def test_ones_own_id_is_as_good_as_me(olga):
    task = note(olga)
    assert olga.client.get(f"/api/{olga.id}/tasks").json["items"] == [task]
    assert olga.client.get(f"/api/{olga.id}/tasks/{task['id']}").json == task


@pytest.mark.long
def test_anothers_list_is_forbidden_and_anothers_task_not_there(olga, people):
    max_ = people.person("max")
    task = note(max_)
    for whose in (max_.id, uuid4(), "you", "items"):
        assert olga.client.get(f"/api/{whose}/tasks").status_code == 403
        assert olga.client.post(f"/api/{whose}/tasks", json={"title": "x"}).status_code == 403
        assert olga.client.get(f"/api/{whose}/tasks/{task['id']}").status_code == 404
    for whose in ("me", olga.id):
        assert olga.client.get(f"/api/{whose}/tasks/{task['id']}").status_code == 404
        assert olga.client.patch(f"/api/{whose}/tasks/{task['id']}/complete").status_code == 404
        assert olga.client.delete(f"/api/{whose}/tasks/{task['id']}").status_code == 404


def test_in_a_shared_workspace_each_has_their_own(olga, people):
    max_ = people.person("max")
    team = {"X-Workspace-Id": str(people.workspace(olga, member=max_))}
    task = olga.client.post(TASKS, json={"title": "Mine"}, headers=team).json
    assert max_.client.get(TASKS, headers=team).json["items"] == []
    assert max_.client.get(f"{TASKS}/{task['id']}", headers=team).status_code == 404
    assert titles(olga) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": " \n\t"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"title": "x", "description": "x" * 1001}, "description"),
        ({"title": "x", "priority": 4}, "priority"),
        ({"title": "x", "priority": "1"}, "priority"),
        ({"title": "x", "due_at": "tomorrow"}, "due_at"),
        ({"title": "x", "due_at": "9999-12-31T23:59:59-14:00"}, "due_at"),
        ({"title": "x", "due_at": "0001-01-01T00:00:00+14:00"}, "due_at"),
        ({"title": "x", "tags": ["x" * 51]}, "tags.0"),
        ({"title": "x", "tags": ["x"] * 21}, "tags"),
        ({"title": "x", "recurrence": "FREQ=DAILY"}, "due_at"),
        ({"title": "x", "due_on": "2030-02-30"}, "due_on"),
        ({"title": "x", "due_on": "2030-01-01T00:00:00Z"}, "due_on"),
        ({"title": "x", "due_on": "1969-12-31"}, "due_on"),
        ({"title": "x", "due_on": "2030-01-01", "due_at": "2030-01-01T00:00:00Z"}, "due_on"),
        ({"title": "x", "time_zone": "Berlin"}, "time_zone"),
        ({"title": "x", "time_zone": "Factory"}, "time_zone"),
        (
            {
                "title": "x",
                "due_on": "2030-01-01",
                "recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            },
            "recurrence",
        ),
        ({"title": "x", "recurrence": "daily", "due_at": "2030-01-01T00:00:00Z"}, "recurrence"),
        ({"title": "x", "item_id": NOWHERE}, "item_id"),
        ({"title": "x", "document_id": NOWHERE}, "document_id"),
        ({"title": "x", "completed": True}, "completed"),
    ],
    ids=str,
)
def test_bad_input_is_422_and_names_its_field(olga, given, field):
    answer = olga.client.post(TASKS, json=given)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [each["field"] for each in answer.json["errors"]] == [field]
    assert titles(olga) == []


@pytest.mark.parametrize(("title", "kept"), [("  x  ", "x"), ("x" * 200, "x" * 200), ("é", "é")])
def test_a_title_is_trimmed(olga, title, kept):
    assert note(olga, title)["title"] == kept


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tasks SET title = ''",
        "UPDATE tasks SET title = '  '",
        "UPDATE tasks SET title = repeat('x', 201)",
        "UPDATE tasks SET description = repeat('x', 1001)",
        "UPDATE tasks SET priority = 4",
        "UPDATE tasks SET recurrence = 'FREQ=DAILY', due_at = NULL",
        "UPDATE tasks SET due_on = now(), due_at = now()",
        "UPDATE tasks SET status = 'done'",
        "UPDATE tasks SET item_id = uuidv7()",
    ],
)
def test_the_database_refuses_it_too(olga, owner, statement):
    import psycopg

    note(olga)
    with pytest.raises(psycopg.errors.IntegrityError):
        owner.execute(statement)


def test_the_list_is_by_status(olga):
    done, _ = note(olga, "done"), note(olga, "open")
    olga.client.patch(f"{TASKS}/{done['id']}/complete")
    assert titles(olga) == ["open", "done"]
    assert titles(olga, status="pending") == ["open"]
    assert titles(olga, status="completed") == ["done"]
    assert olga.client.get(TASKS, query_string={"status": "x"}).status_code == 422


@pytest.mark.long
@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        ("created", ["b", "A", "a b", "c", "ä"]),
        ("title", ["A", "ä", "a b", "b", "c"]),
        ("updated", ["A", "a b", "c", "ä", "b"]),
        ("due", ["c", "b", "A", "a b", "ä"]),
        ("priority", ["A", "a b", "ä", "c", "b"]),
    ],
)
def test_the_list_is_sorted_both_ways_page_by_page(olga, sort, ascending):
    made = {title: note(olga, title) for title in ("b", "A", "a b", "c", "ä")}
    changes = {"due_at": "2030-01-02T00:00:00Z", "priority": 2, "title": "b"}
    olga.client.put(f"{TASKS}/{made['b']['id']}", json=changes)
    with_due = {"title": "c", "due_at": "2030-01-01T00:00:00Z", "priority": 1}
    if sort != "updated":
        olga.client.put(f"{TASKS}/{made['c']['id']}", json=with_due)
    for limit in (1, 2, 3, 100):
        assert titles(olga, sort=sort, direction="asc", limit=limit) == ascending
        assert titles(olga, sort=sort, direction="desc", limit=limit) == ascending[::-1]


@pytest.mark.parametrize("cursor", ["x", "%%%", "eA", "AA", "AGFi", "a" * 2000])
def test_an_invalid_cursor_does_no_harm(olga, cursor):
    note(olga)
    for path in (TASKS, "/api/tags"):
        answer = olga.client.get(path, query_string={"cursor": cursor})
        assert answer.status_code in (200, 400)


@pytest.mark.long
def test_what_a_change_leaves_out_stays_and_null_takes_away(olga, make):
    item = make.item({"id": olga.id, "workspace_id": olga.workspace_id})
    task = note(
        olga,
        description="Of oak",
        due_at="2030-01-01T10:00:00+02:00",
        priority=3,
        tags=["Garden", "fence"],
        recurrence="FREQ=YEARLY",
        item_id=str(item["id"]),
    )
    assert task["due_at"] == "2030-01-01T08:00:00Z"
    path = f"{TASKS}/{task['id']}"
    changed = olga.client.put(path, json={"title": "Paint"}).json
    assert changed == task | {"title": "Paint", "updated_at": changed["updated_at"]}
    nothing = {"description": None, "due_at": None, "recurrence": None, "item_id": None}
    bare = olga.client.put(path, json={"title": "x", "tags": [], "priority": 0, **nothing}).json
    assert {name: bare[name] for name in nothing} == nothing
    assert (bare["tags"], bare["priority"]) == ([], 0)


def test_a_due_time_cannot_be_taken_from_what_recurs(olga):
    task = note(olga, due_at="2030-01-01T00:00:00Z", recurrence="FREQ=DAILY")
    answer = olga.client.put(f"{TASKS}/{task['id']}", json={"title": "x", "due_at": None})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "due_at"


def test_tags_are_the_workspaces_own_whatever_their_case(olga, owner):
    note(olga, tags=["Garden", "fence"])
    note(olga, tags=["GARDEN", "garden"])
    assert owner.execute("SELECT name FROM tags ORDER BY name").fetchall() == [
        ("Garden",),
        ("fence",),
    ]


def test_an_item_of_another_workspace_cannot_be_linked(olga, people, make):
    max_ = people.person("max")
    foreign = make.item({"id": max_.id, "workspace_id": max_.workspace_id})
    task = note(olga)
    body = {"title": "x", "item_id": str(foreign["id"])}
    for answer in (
        olga.client.post(TASKS, json=body),
        olga.client.put(f"{TASKS}/{task['id']}", json=body),
    ):
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json["errors"]] == ["item_id"]


@pytest.mark.long
def test_a_task_is_about_a_document_until_that_is_removed(olga, people):
    def document(person):
        answer = person.client.post("/api/documents?name=a.txt", data=b"Order the posts.")
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    mine, foreign = document(olga), document(people.person("max"))
    answer = olga.client.post(TASKS, json={"title": "x", "document_id": foreign})
    assert [each["field"] for each in answer.json["errors"]] == ["document_id"]
    due = {"due_at": "2030-01-01T00:00:00Z", "recurrence": "FREQ=DAILY"}
    task = note(olga, document_id=mine, **due)
    path = f"{TASKS}/{task['id']}"
    assert olga.client.put(path, json={"title": "y"}).json["document_id"] == mine
    olga.client.patch(f"{path}/complete")
    listed = olga.client.get(TASKS).json["items"]
    assert [each["document_id"] for each in listed] == [mine] * 2
    assert (
        olga.client.put(path, json={"title": "y", "document_id": None}).json["document_id"] is None
    )
    olga.client.post(f"/api/documents/{mine}/discard")
    assert olga.client.delete(f"/api/documents/{mine}").status_code == 204
    listed = olga.client.get(TASKS).json["items"]
    assert [each["document_id"] for each in listed] == [None] * 2


# Recurring tasks


def test_completing_what_recurs_makes_the_next_one(olga):
    due = (datetime.now(UTC) - timedelta(days=3)).replace(microsecond=0)
    task = note(olga, due_at=due.isoformat(), recurrence="FREQ=DAILY", tags=["garden"], priority=2)
    assert olga.client.patch(f"{TASKS}/{task['id']}/complete").json["completed"]
    (following,) = olga.client.get(TASKS, query_string={"status": "pending"}).json["items"]
    next_due = datetime.fromisoformat(following["due_at"])
    assert datetime.now(UTC) < next_due <= datetime.now(UTC) + timedelta(days=1)
    assert (next_due - due).seconds == 0
    same = ("title", "recurrence", "tags", "priority")
    assert [following[name] for name in same] == [task[name] for name in same]


def test_a_rule_may_be_as_calendars_write_it(olga):
    task = note(olga, due_at="2030-01-01T00:00:00Z", recurrence="rrule:freq=Daily;")
    assert task["recurrence"] == "FREQ=DAILY"


@pytest.mark.long
def test_a_rule_keeps_its_time_of_day_and_its_day_of_the_month(olga):
    berlin = {"time_zone": "Europe/Berlin", "recurrence": "FREQ=MONTHLY"}
    task = note(olga, due_at="2031-01-31T09:00:00+01:00", **berlin)
    found = []
    for _ in range(3):
        toggle(olga, task)
        (task,) = pending(olga)
        found.append(task["due_at"])
    assert found == ["2031-02-28T08:00:00Z", "2031-03-31T07:00:00Z", "2031-04-30T07:00:00Z"]
    # A time that its user sets is where it begins anew.
    moved = {"title": "x", "due_at": "2031-05-05T07:00:00Z"}
    assert olga.client.put(f"{TASKS}/{task['id']}", json=moved).json["recurs_from"] is None
    toggle(olga, task)
    assert pending(olga)[0]["due_at"] == "2031-06-05T07:00:00Z"


@pytest.mark.long
def test_a_task_may_be_due_on_a_day(olga):
    timed = note(olga, "timed", due_at="2031-03-31T00:00:01Z")
    task = note(olga, "day", due_on="2031-03-31", recurrence="FREQ=WEEKLY;COUNT=2")
    assert (task["due_on"], task["due_at"]) == ("2031-03-31", None)
    assert titles(olga, sort="due", direction="asc") == ["day", "timed"]
    toggle(olga, task)
    following = pending(olga)[0]
    assert (following["due_on"], following["recurrence"]) == ("2031-04-07", "FREQ=WEEKLY;COUNT=1")
    toggle(olga, following)
    assert titles(olga, status="pending") == ["timed"]
    path = f"{TASKS}/{timed['id']}"
    changed = olga.client.put(path, json={"title": "x", "due_on": "2031-01-01"}).json
    assert (changed["due_on"], changed["due_at"]) == ("2031-01-01", None)
    both = {"title": "x", "due_on": "2031-01-01", "due_at": "2031-01-01T00:00:00Z"}
    assert olga.client.put(path, json=both).status_code == 422


def test_a_rule_may_come_to_a_task_that_is_due(olga):
    task = note(olga, due_at="2031-01-31T09:00:00Z")
    changed = olga.client.put(
        f"{TASKS}/{task['id']}", json={"title": "x", "recurrence": "FREQ=DAILY"}
    )
    assert (changed.status_code, changed.json["recurrence"]) == (200, "FREQ=DAILY")


def pending(person):
    """The last due first."""
    return person.client.get(TASKS, query_string={"status": "pending", "sort": "due"}).json["items"]


def toggle(person, task):
    answer = person.client.patch(f"{TASKS}/{task['id']}/complete")
    assert answer.status_code == 200
    return answer.json


DAILY = {"due_at": "2031-03-31T09:00:00Z", "recurrence": "FREQ=DAILY"}


def test_reopening_takes_back_the_one_that_the_completion_made(olga, owner):
    task = note(olga, **DAILY, tags=["garden"])
    for _ in range(2):
        done = toggle(olga, task)
        assert done["recurrence"] == "FREQ=DAILY"
        (made,) = pending(olga)
        assert (made["follows_id"], made["recurs_from"]) == (task["id"], "2031-03-31T09:00:00")
        toggle(olga, task)
        (again,) = pending(olga)
        assert again == task | {"updated_at": again["updated_at"]}
        assert events_of(owner, made) == ["task.created", "task.deleted"]


@pytest.mark.long
def test_a_row_of_completions_is_taken_back_one_by_one(olga):
    first = note(olga, **DAILY)
    toggle(olga, first)
    (second,) = pending(olga)
    toggle(olga, second)
    (third,) = pending(olga)
    assert third["due_at"] == "2031-04-02T09:00:00Z"
    toggle(olga, second)
    assert [each["id"] for each in pending(olga)] == [second["id"]]
    toggle(olga, first)
    assert [each["id"] for each in pending(olga)] == [first["id"]]
    assert len(titles(olga)) == 1


@pytest.mark.long
@pytest.mark.parametrize("what", [{"description": "Of oak"}, {"tags": ["x"]}, {"recurrence": None}])
def test_one_that_was_changed_since_stays_and_keeps_the_rule(olga, what):
    task = note(olga, **DAILY)
    toggle(olga, task)
    (made,) = pending(olga)
    path = f"{TASKS}/{made['id']}"
    changed = olga.client.put(path, json={"title": made["title"], **what}).json
    assert toggle(olga, task)["recurrence"] is None
    assert pending(olga)[0] == olga.client.get(path).json == changed | {"follows_id": None}
    toggle(olga, task)
    assert len(titles(olga)) == 2


@pytest.mark.long
def test_one_that_was_sent_unchanged_is_taken_back(olga):
    task = note(olga, **DAILY)
    toggle(olga, task)
    (made,) = pending(olga)
    olga.client.put(
        f"{TASKS}/{made['id']}", json={"title": made["title"], "due_at": made["due_at"]}
    )
    toggle(olga, task)
    assert len(titles(olga)) == 1


@pytest.mark.long
def test_one_that_was_completed_since_stays_with_those_after_it(olga):
    task = note(olga, **DAILY)
    toggle(olga, task)
    (made,) = pending(olga)
    toggle(olga, made)
    assert toggle(olga, task)["recurrence"] is None
    assert [each["recurrence"] for each in pending(olga)] == ["FREQ=DAILY", None]
    assert len(titles(olga)) == 3
    # A rule that it is given anew makes one again.
    olga.client.put(f"{TASKS}/{task['id']}", json={"title": "x", "recurrence": "FREQ=WEEKLY"})
    toggle(olga, task)
    assert len(titles(olga)) == 4


@pytest.mark.long
def test_after_one_that_was_deleted_the_rule_is_still_there(olga):
    task = note(olga, **DAILY)
    toggle(olga, task)
    (made,) = pending(olga)
    olga.client.delete(f"{TASKS}/{made['id']}")
    assert toggle(olga, task)["recurrence"] == "FREQ=DAILY"
    toggle(olga, task)
    assert len(titles(olga)) == 2


def test_no_task_is_followed_by_two(olga, owner):
    import psycopg

    task = note(olga, **DAILY)
    toggle(olga, task)
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(
            "INSERT INTO tasks (workspace_id, user_id, title, follows_id)"
            " SELECT workspace_id, user_id, 'x', follows_id FROM tasks"
        )


def test_a_rule_that_has_ended_makes_no_other(olga):
    past = {"due_at": "2020-01-01T00:00:00Z", "recurrence": "FREQ=DAILY;UNTIL=20200201T000000Z"}
    task = note(olga, **past)
    olga.client.patch(f"{TASKS}/{task['id']}/complete")
    assert titles(olga, status="pending") == []


@pytest.mark.long
def test_two_toggles_at_once_make_one_next_task_at_most(olga):
    task = note(olga, due_at="2030-01-01T00:00:00Z", recurrence="FREQ=DAILY")

    def call(_):
        return olga.client.application.test_client().patch(
            f"{TASKS}/{task['id']}/complete",
            headers={"Authorization": olga.client.environ_base["HTTP_AUTHORIZATION"]},
        )

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(call, range(2)))
    assert sorted(answer.json["completed"] for answer in answers) == [False, True]
    assert titles(olga, status="pending") == [task["title"]]


# Several at once


@pytest.mark.long
def test_several_are_completed_at_once_and_each_says_what_became_of_it(olga, people):
    done, repeats, plain = (
        note(olga, "done"),
        note(olga, "repeats", due_at="2030-01-01T00:00:00Z", recurrence="FREQ=WEEKLY"),
        note(olga, "plain"),
    )
    olga.client.patch(f"{TASKS}/{done['id']}/complete")
    foreign, none = note(people.person("max"))["id"], str(uuid4())
    ids = [done["id"], repeats["id"], foreign, plain["id"], none, plain["id"]]
    answer = olga.client.post(f"{TASKS}/complete", json={"ids": ids})
    assert [each["result"] for each in answer.json["items"]] == [
        *("already_completed", "completed", "not_found", "completed", "not_found"),
    ]
    assert titles(olga, status="pending") == ["repeats"]


@pytest.mark.parametrize("ids", [None, "x", ["x"], [NOWHERE] * 501], ids=lambda ids: str(ids)[:9])
def test_a_bad_list_of_ids_completes_nothing(olga, ids):
    note(olga)
    assert olga.client.post(f"{TASKS}/complete", json={"ids": ids}).status_code == 422
    assert len(titles(olga, status="pending")) == 1


# Conditions


@pytest.mark.long
def test_what_has_not_changed_is_not_sent_again(olga):
    task = note(olga)
    for path in (TASKS, f"{TASKS}/{task['id']}"):
        first = olga.client.get(path)
        seen = {"If-None-Match": first.headers["ETag"]}
        again = olga.client.get(path, headers=seen)
        assert (again.status_code, again.data) == (304, b"")
        assert first.headers["Cache-Control"] == "private, no-cache"
    olga.client.patch(f"{TASKS}/{task['id']}/complete")
    for path in (TASKS, f"{TASKS}/{task['id']}"):
        assert olga.client.get(path, headers=seen).status_code == 200


def test_a_condition_for_changes_does_not_apply_to_what_is_read(olga):
    task = note(olga)
    answer = olga.client.get(f"{TASKS}/{task['id']}", headers={"If-Match": '"another"'})
    assert (answer.status_code, answer.json) == (200, task)


@pytest.mark.long
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_who_has_not_seen_the_last_change_is_refused(olga, method):
    task = note(olga)
    path = f"{TASKS}/{task['id']}"
    seen = olga.client.get(path).headers["ETag"]
    olga.client.put(path, json={"title": "Changed"})
    call = f"{path}/complete" if method == "PATCH" else path
    body = {"title": "Mine"} if method == "PUT" else None
    late = olga.client.open(call, method=method, json=body, headers={"If-Match": seen})
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")
    assert olga.client.get(path).json["title"] == "Changed"
    now = olga.client.get(path).headers["ETag"]
    assert (
        olga.client.open(call, method=method, json=body, headers={"If-Match": now}).status_code
        < 300
    )


@pytest.mark.long
def test_of_two_changes_at_once_that_saw_the_same_one_is_made(olga):
    task = note(olga)
    path = f"{TASKS}/{task['id']}"
    seen = olga.client.get(path).headers["ETag"]

    def change(title):
        return olga.client.application.test_client().put(
            path,
            json={"title": title},
            headers={
                "If-Match": seen,
                "Authorization": olga.client.environ_base["HTTP_AUTHORIZATION"],
            },
        )

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(change, "abcd"))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


@pytest.mark.long
def test_an_item_too_is_changed_only_as_it_was_seen(olga, make):
    item = make.item({"id": olga.id, "workspace_id": olga.workspace_id}, status="ready_to_confirm")
    path = f"/api/items/{item['id']}"
    seen = {"If-Match": olga.client.get(path).headers["ETag"]}
    assert olga.client.patch(path, json={"title": "One"}, headers=seen).status_code == 200
    late = olga.client.patch(path, json={"title": "Two"}, headers=seen)
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")
    assert olga.client.get(path).json["title"] == "One"


@pytest.mark.long
def test_an_answer_with_a_secret_has_no_etag(olga):
    answer = olga.client.get("/api/openapi.json")
    assert "ETag" in answer.headers
    new_key = {"name": "x", "scopes": ["account:read"], "password": PASSWORD}
    key = olga.client.post("/api/api-keys", json=new_key)
    assert key.status_code == 201
    assert "ETag" not in key.headers
    assert key.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("etag", ['"stale"x', '"stale";', ",", " ", "stale"])
def test_an_if_match_that_names_no_state_is_refused_too(olga, etag):
    path = f"{TASKS}/{note(olga)['id']}"
    answer = olga.client.put(path, json={"title": "Mine"}, headers={"If-Match": etag})
    assert (answer.status_code, answer.json["code"]) == (412, "precondition_failed")
