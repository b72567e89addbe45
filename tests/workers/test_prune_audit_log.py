"""The audit log is kept as long as the setting says, and never less than ninety days."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from workers import prune_audit_log
from workers.clock import fire_due
from workers.engine import maintenance
from workers.engine.loop import Worker

PRUNE = "SELECT prune_audit_log({before}, {batch})"


@pytest.fixture
def prune(owner, app_conn, settings):
    """Runs the work that the clock enqueues, with a setting; gives how many rounds it took."""

    def run(kept):
        owner.execute("UPDATE schedules SET next_run_at = now() WHERE kind = 'prune_audit_log'")
        fire_due(app_conn)
        pruning = Worker([prune_audit_log.prune_audit_log], replace(settings, audit_kept_days=kept))
        rounds = 0
        while pruning.round():
            rounds += 1
        pruning.close()
        return rounds

    return run


def history(owner, *days):
    for age in days:
        owner.execute(
            "INSERT INTO audit_log (action, actor, occurred_at)"
            " VALUES ('a.b', 'x', now() - %s * interval '1 day')",
            (age,),
        )


def ages(owner):
    rows = owner.execute(
        "SELECT extract(epoch FROM now() - occurred_at)::float / 86400 FROM audit_log ORDER BY id"
    )
    return [round(age, 2) for (age,) in rows]


@pytest.mark.long
@pytest.mark.parametrize(
    ("kept", "left"),
    [
        (0, [400, 100, 90.01, 89.99, 0]),
        (500, [400, 100, 90.01, 89.99, 0]),
        (200, [100, 90.01, 89.99, 0]),
        (91, [90.01, 89.99, 0]),
        (90, [89.99, 0]),
        (30, [89.99, 0]),
        (1, [89.99, 0]),
    ],
)
def test_entries_are_kept_as_long_as_the_setting_says_and_ninety_days_at_least(
    owner, prune, kept, left
):
    history(owner, 400, 100, 90.01, 89.99, 0)
    prune(kept)
    assert ages(owner) == left


@pytest.mark.long
def test_it_goes_on_batch_by_batch_oldest_first(owner, prune, monkeypatch):
    for module in (maintenance, prune_audit_log):
        monkeypatch.setattr(module, "BATCH", 2)
    history(owner, 500, 400, 300, 200, 100, 50)
    assert prune(90) == 3
    assert ages(owner) == [50]


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize(
    "before",
    ["now()", "now() + interval '100 years'", "'infinity'", "now() - interval '1 day'", "NULL"],
)
@pytest.mark.parametrize("batch", ["1000", "NULL"])
def test_ninety_days_are_spared_whoever_asks(owner, app_conn, role, before, batch):
    history(owner, 100, 89, 0)
    conn = app_conn if role == "app" else owner
    assert conn.execute(PRUNE.format(before=before, batch=batch)).fetchone() == (1,)
    assert ages(owner) == [89, 0]


@pytest.mark.parametrize("before", ["'-infinity'", "now() - interval '200 days'"])
def test_what_is_asked_to_be_kept_is_kept(owner, app_conn, before):
    history(owner, 100, 0)
    assert app_conn.execute(PRUNE.format(before=before, batch=10)).fetchone() == (0,)
    assert ages(owner) == [100, 0]


def test_no_more_than_the_batch_is_removed(owner, app_conn):
    history(owner, 400, 300, 200)
    assert app_conn.execute(PRUNE.format(before="now()", batch=2)).fetchone() == (2,)
    assert ages(owner) == [200]
    assert app_conn.execute(PRUNE.format(before="now()", batch=0)).fetchone() == (0,)


def test_another_table_or_function_of_that_name_changes_nothing(owner, app_conn):
    history(owner, 89)
    app_conn.execute("SET search_path = pg_temp, public")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute("CREATE TEMPORARY TABLE audit_log (id bigint, occurred_at timestamptz)")
    assert app_conn.execute(PRUNE.format(before="now()", batch=10)).fetchone() == (0,)
    assert ages(owner) == [89]
