"""`coffer queue list`: what is queued, and why it waits."""

from __future__ import annotations

import json

import pytest

from tests.workers.conftest import KIND, enqueue, hold, live


def listed(queue, *options):
    return json.loads(queue("list", "--json", *options).stdout)["work"]


@pytest.mark.long
def test_what_is_queued_is_listed_due_longest_first_with_the_reason(queue, owner):
    live(owner)
    enqueue(owner, 1)
    hold(owner, lease=60)
    enqueue(owner, 2, 3, 4, kind="was_queued")
    enqueue(owner, 5, 6)
    for number, due_in, more in (
        (2, -300, ""),
        (5, -200, ""),
        (6, -100, ", cut_off = 2"),
        (3, 1000, ", attempts = 1, last_error = 'no'"),
        (4, 2000, ""),
    ):
        owner.execute(
            f"UPDATE outbox SET run_after = now() + %s * interval '1 s'{more}"
            " WHERE (payload ->> 'number')::int = %s",
            (due_in, number),
        )
    found = listed(queue)
    no_more = "this kind of work no longer exists"
    assert [(row["status"], row["attempts"], row["why"]) for row in found] == [
        ("ready", 0, no_more),
        ("ready", 0, "next in turn"),
        ("ready", 0, "its worker died or was too slow, 2 times in a row"),
        ("in_flight", 0, "held by a worker on here, process 4711"),
        ("waiting", 1, f"{no_more}; no"),
        ("waiting", 0, no_more),
    ]
    due = [round(row["due_in_seconds"], -2) for row in found]
    assert due == [-300, -200, -100, 100, 1000, 2000]
    assert all(0 <= row["age_seconds"] < 60 for row in found)
    head, first, *_ = queue("list").stdout.splitlines()
    assert head.split() == ["KIND", "SUBJECT", "STATUS", "AGE", "DUE", "ATTEMPTS", "WHY"]
    assert first.split()[0] == "was_queued"
    assert "5m" in first
    assert first.endswith(no_more)


@pytest.mark.long
def test_a_list_is_of_one_kind_and_one_status_where_asked(queue, owner):
    enqueue(owner, 1)
    hold(owner, lease=60)
    enqueue(owner, 2)
    enqueue(owner, 3, kind="was_queued")
    assert [row["kind"] for row in listed(queue, "--kind", "was-queued")] == ["was_queued"]
    assert [row["status"] for row in listed(queue, "--kind", KIND)] == ["ready", "in_flight"]
    assert [row["kind"] for row in listed(queue, "--status", "in-flight")] == [KIND]
    assert listed(queue, "--status", "waiting") == []


@pytest.mark.long
def test_a_long_list_is_cut_and_says_so(queue, owner):
    enqueue(owner, *range(4))
    answer = json.loads(queue("list", "--json", "--limit", 3).stdout)
    assert (len(answer["work"]), answer["has_more"]) == (3, True)
    assert "There are more than these 3; --limit shows more." in queue("list", "--limit", 3).stdout
    assert not json.loads(queue("list", "--json", "--limit", 4).stdout)["has_more"]
    assert "There are more" not in queue("list", "--limit", 4).stdout


@pytest.mark.long
def test_that_nobody_begins_it_is_a_reason(queue, owner):
    enqueue(owner, 1)
    assert [row["why"] for row in listed(queue)] == ["no running worker does this kind of work"]
    live(owner)
    queue("pause", KIND)
    assert [row["why"] for row in listed(queue)] == ["its kind is paused"]


@pytest.mark.long
def test_a_holder_that_is_silent_or_gone_is_reported(queue, owner):
    enqueue(owner, 1)
    hold(owner, lease=60)
    assert "which is gone" in listed(queue)[0]["why"]
    live(owner, seen=95)
    assert "process 4711, which has not been seen" in listed(queue)[0]["why"]


def test_an_error_steers_no_terminal(queue, owner):
    enqueue(owner, 1)
    owner.execute("UPDATE outbox SET last_error = E'no\\x1b[2J\\n' || repeat('x', 500)")
    (_, row) = queue("list").stdout.splitlines()
    assert row.endswith("…")
    assert "\x1b" not in row


@pytest.mark.long
def test_that_nothing_is_listed_reads_well(queue):
    assert queue("list").stdout == "Nothing is queued.\n"
    assert queue("list", "--status", "ready").stdout == "No such work is queued.\n"
    assert queue("list", "--kind", KIND).stdout == "No such work is queued.\n"
    answer = queue("list", "--kind", "nonsense")
    assert (answer.exit_code, f"is not one of {KIND}." in answer.stderr) == (2, True)
