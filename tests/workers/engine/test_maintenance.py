"""Maintenance: rows are removed batch by batch, and no more than may be removed."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from workers import expire_idempotency_keys, prune_events, prune_workers
from workers.engine import maintenance
from workers.engine.loop import Worker


@pytest.fixture
def due(owner):
    """Enqueues the work of a maintenance kind."""

    def enqueue(kind):
        owner.execute(
            "INSERT INTO outbox (kind, subject_id) VALUES (%s, %s)", (kind.name, uuid.uuid4())
        )

    return enqueue


@pytest.mark.long
def test_each_round_removes_a_batch_oldest_first_until_there_is_no_more(
    make, worker, owner, due, monkeypatch
):
    user = make.user()
    owner.execute(
        "INSERT INTO idempotency_keys (user_id, workspace_id, key, request_hash, expires_at)"
        " SELECT %s, %s, n::text, '', now() - n * interval '1 second'"
        "   FROM generate_series(1, 5) AS n",
        (user["id"], user["workspace_id"]),
    )
    for module in (maintenance, expire_idempotency_keys):
        monkeypatch.setattr(module, "BATCH", 2)
    due(expire_idempotency_keys.expire_idempotency_keys)
    removing = worker(expire_idempotency_keys.expire_idempotency_keys)
    left = []
    while removing.round():
        rows = owner.execute("SELECT key FROM idempotency_keys ORDER BY key").fetchall()
        left.append([key for (key,) in rows])
    assert left == [["1", "2", "3"], ["1"], []]


def history(owner, *days):
    for age in days:
        owner.execute(
            "INSERT INTO events (entity, entity_id, event, actor, occurred_at)"
            " VALUES ('item', uuidv7(), 'item.x', 'me', now() - %s * interval '1 day')",
            (age,),
        )


def ages(owner):
    rows = owner.execute("SELECT extract(day FROM now() - occurred_at)::int FROM events ORDER BY 1")
    return [age for (age,) in rows]


@pytest.mark.long
@pytest.mark.parametrize(
    ("kept", "left"), [(0, [10, 40, 50, 90]), (45, [10, 40]), (30, [10]), (1, [10])]
)
def test_events_are_kept_as_long_as_the_setting_says_and_thirty_days_at_least(
    owner, settings, due, kept, left
):
    history(owner, 90, 50, 40, 10)
    due(prune_events.prune_events)
    pruning = Worker([prune_events.prune_events], replace(settings, events_kept_days=kept))
    pruning.round()
    pruning.close()
    assert ages(owner) == left


@pytest.mark.long
def test_workers_not_seen_for_an_hour_and_old_counts_are_forgotten(owner, worker, due):
    for minutes in (5, 90):
        owner.execute(
            "INSERT INTO workers (id, host, pid, kinds, last_seen_at)"
            " VALUES (uuidv7(), 'h', %s, '{}', now() - %s * interval '1 minute')",
            (minutes, minutes),
        )
    for days in (1, 9):
        owner.execute(
            "INSERT INTO work_counts (kind, minute, finished)"
            " VALUES ('k', now() - %s * interval '1 day', %s)",
            (days, days),
        )
    due(prune_workers.prune_workers)
    worker(prune_workers.prune_workers).round()
    assert owner.execute("SELECT pid FROM workers").fetchall() == [(5,)]
    assert owner.execute("SELECT finished FROM work_counts").fetchall() == [(1,)]
