"""Rows that kill their worker, and what was claimed along with them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.processes import running
from tests.workers.conftest import due_now, enqueue

ROOT = Path(__file__).parent.parent.parent
KINDS = ("single", "together")
POISONOUS = (7, 20)
ROWS = 30 + len(POISONOUS)


def test_rows_that_kill_their_worker_are_given_up_and_no_other_is(database, owner):
    owner.execute("CREATE TABLE done (kind text, number int)")
    owner.execute("GRANT INSERT ON done TO PUBLIC")
    try:
        for kind in KINDS:
            enqueue(owner, *range(ROWS), kind=kind)
        owner.execute(
            "UPDATE outbox SET payload = payload || '{\"kills\": true}'"
            " WHERE (payload ->> 'number')::int = ANY (%s)",
            (list(POISONOUS),),
        )
        deaths = 0
        while work_until_nothing_is_due(database):
            deaths += 1
            assert deaths < 50
            due_now(owner)
        given_up = owner.execute(
            "SELECT kind, (payload ->> 'number')::int, attempts FROM dead_letters ORDER BY 1, 2"
        ).fetchall()
        assert given_up == [(kind, number, 3) for kind in KINDS for number in POISONOUS]
        done = owner.execute("SELECT kind, number FROM done ORDER BY 1, 2").fetchall()
        innocent = [number for number in range(ROWS) if number not in POISONOUS]
        assert done == [(kind, number) for kind in KINDS for number in innocent]
        assert deaths >= 3 * len(given_up)
    finally:
        owner.execute("DROP TABLE done")


def work_until_nothing_is_due(database):
    """Run a worker; returns whether it was killed."""
    worker = ("-m", "tests.processes.poisonous_worker")
    with running(sys.executable, *worker, database=database, PYTHONPATH=str(ROOT)) as process:
        ended = process.wait(60)
    assert ended in (0, -signal.SIGKILL), process.log()
    return ended != 0
