from __future__ import annotations

import importlib
import time

import pytest

from tests.workers.imports import LINES, state, upload
from workers import read_imports
from workers.add_imports import add_imports as adding
from workers.read_imports import read_imports as reading


@pytest.fixture
def read_here(monkeypatch):
    """Read files in this process, for tests of what becomes of them: a child process takes three
    times as long as everything else."""
    monkeypatch.setattr(
        read_imports.child,
        "run",
        lambda module, data, **_: importlib.import_module(module).main(data),
    )


@pytest.fixture
def rounds(worker, owner):
    """Rounds of a worker in which something was done, until nothing is left for it, not even work
    that waits for another attempt or is held by another worker."""

    def rounds(*kinds):
        running = worker(*kinds)
        names = [kind.name for kind in kinds]
        until = time.monotonic() + 300
        while is_left(names):
            assert time.monotonic() < until
            if running.round():
                yield
            else:
                time.sleep(0.01)

    def is_left(names):
        return owner.execute("SELECT 1 FROM outbox WHERE kind = ANY (%s)", (names,)).fetchone()

    return rounds


@pytest.fixture
def work(rounds):
    """Does all the work of imports."""

    def work():
        for _ in rounds(reading, adding):
            pass

    return work


@pytest.fixture
def imported(work):
    """Uploads a file and does all its work; gives the import as it ended."""

    def imported(person, body, headers=LINES, **query):
        import_id = upload(person, body, headers, **query)
        work()
        return state(person, import_id)

    return imported
