"""Threads for requests, some of which wait for other requests of the same caller."""

from __future__ import annotations

import threading

import pytest

from webapp.serving.turns import Turns


@pytest.fixture
def turns():
    """One thread for each caller; a job ends when its event is set."""
    made = Turns("test", 4, 1, 2, lambda event: event.wait(60))
    yield made
    made.pool.shutdown(wait=True)


def test_what_has_waited_too_long_is_given_back_and_the_rest_goes_on(turns):
    first, second, third = (threading.Event() for _ in range(3))
    assert turns.come("ana", first)
    assert turns.come("ana", second)
    assert turns.come("ana", third)
    assert not turns.come("ana", threading.Event())
    assert turns.overdue(60) == []
    assert turns.overdue(0) == [second, third]
    assert turns.overdue(0) == []
    # There is room in the line again.
    fourth = threading.Event()
    assert turns.come("ana", fourth)
    for event in (first, fourth):
        event.set()
