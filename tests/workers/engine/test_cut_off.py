"""Work that was cut off by a worker's death: counted as it begins, one by one, and given up only if
it was alone."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from tests.workers.conftest import KIND, dead, due_now, enqueue, kind_of
from webapp.failure import Failure
from workers.engine import cut_off
from workers.engine.kind import Batch

NEVER_ENDED = (
    "Every attempt was started and none finished: its worker died, or its lease is too short."
)


@pytest.fixture
def forever():
    """What a dead worker was working on goes on until the test ends."""
    ends = threading.Event()
    yield ends
    ends.set()


@pytest.fixture
def cut_off_rows(worker, owner, forever):
    """Enqueues rows that are claimed together by a worker that dies."""

    def put(*numbers, kind=KIND):
        enqueue(owner, *numbers, kind=kind)
        died = worker(kind_of(lambda _: forever.wait(30), name=kind), concurrency=len(numbers))
        assert died.claim() == len(numbers)
        due_now(owner)

    return put


class Watch:
    """Work that records which rows were at work together, and which had ended before each began."""

    def __init__(self):
        self.together = {}
        self.at_its_beginning = {}
        self._at_work, self._ended = set(), set()
        self._lock = threading.Lock()

    def __call__(self, number):
        with self._lock:
            self._at_work.add(number)
            self.at_its_beginning[number] = set(self._at_work), set(self._ended)
            for each in self._at_work:
                self.together[each] = self.together.get(each, set()) | self._at_work
        threading.Event().wait(0.02)
        with self._lock:
            self._at_work.remove(number)
            self._ended.add(number)
        return str(number)


def finish_all(working):
    while working.round():
        pass


@pytest.mark.long
def test_what_was_claimed_together_is_not_counted_for_any(worker, owner, effects, cut_off_rows):
    cut_off_rows(*range(10))
    attempts = Counter()
    counting = kind_of(str, start=lambda conn, job: attempts.update([job.attempts]) or True)
    finish_all(worker(counting))
    assert attempts == {1: 10}
    assert len(effects()) == 10


@pytest.mark.long
def test_what_was_cut_off_is_begun_a_little_at_a_time_beside_what_was_not(
    worker, owner, effects, cut_off_rows
):
    cut_off_rows(*range(20))
    enqueue(owner, *range(100, 120))
    watch = Watch()
    finish_all(worker(kind_of(watch), concurrency=8))
    assert len(effects()) == 40
    for number in range(20):
        at_work, ended = watch.at_its_beginning[number]
        assert len(at_work & set(range(20))) <= len(ended & set(range(20))) + 1


@pytest.mark.long
def test_what_was_cut_off_again_is_begun_with_nothing_beside_it(
    worker, owner, effects, cut_off_rows
):
    cut_off_rows(*range(6))
    owner.execute("UPDATE outbox SET cut_off = 1")
    enqueue(owner, *range(100, 110))
    enqueue(owner, *range(110, 120), kind="other")
    watch = Watch()
    both = worker(kind_of(watch), kind_of(watch, name="other"), concurrency=4)
    finish_all(both)
    assert len(effects()) == 26
    for number in range(6):
        assert watch.together[number] == {number}


class Poison:
    """Work that kills its worker if it is one of some rows: nothing more is heard of it, nor of the
    work beside it. There is a version for rows that are worked on together."""

    def __init__(self, numbers, forever):
        self.numbers = frozenset(numbers)
        self.has_killed = False
        self._forever = forever

    def __call__(self, number):
        return self.together([number])[0]

    def together(self, numbers, _=None):
        if self.numbers & set(numbers):
            self.has_killed = True
            self._forever.wait(30)
        threading.Event().wait(0.002)
        return [str(number) for number in numbers]


@pytest.fixture
def live(worker, owner, forever):
    """Runs worker after worker until nothing is left; gives how many of them died."""

    def live(*numbers, declare, **options):
        for deaths in range(100):
            poison = Poison(numbers, forever)
            working = worker(*declare(poison), **options)
            while not poison.has_killed:
                claimed = working.claim()
                if not poison.has_killed:
                    if not claimed and not working._in_hand():
                        return deaths
                    working.finish(min(working._patience(), 0.05))
            due_now(owner)
        pytest.fail("they die for ever")

    return live


def given_up(owner):
    rows = owner.execute("SELECT (payload ->> 'number')::int, error FROM dead_letters ORDER BY 1")
    return rows.fetchall()


def one_by_one(poison):
    return [kind_of(poison)]


def in_batches(poison):
    return [kind_of(str, work=poison.together, batch=Batch(rows=50, seconds=0.05))]


def two_kinds(poison):
    return [kind_of(poison), kind_of(poison, name="other")]


@pytest.mark.parametrize(
    ("rows", "poisonous", "declare", "concurrency"),
    [
        (20, [7], one_by_one, 4),
        pytest.param(60, [50], one_by_one, 16, marks=pytest.mark.long),
        pytest.param(50, [20], in_batches, 1, marks=pytest.mark.long),
        pytest.param(40, [3, 20, 21], one_by_one, 16, marks=pytest.mark.long),
        pytest.param(40, [3, 20, 21], in_batches, 2, marks=pytest.mark.long),
        pytest.param(20, [7], in_batches, 2, marks=pytest.mark.long),
        pytest.param(20, [7], two_kinds, 4, marks=pytest.mark.long),
    ],
)
def test_what_kills_its_worker_is_given_up_and_nothing_else(
    worker, owner, effects, live, rows, poisonous, declare, concurrency
):
    enqueue(owner, *range(rows))
    enqueue(owner, *range(1000, 1010), kind="other")
    deaths = live(*poisonous, declare=declare, concurrency=concurrency)
    assert given_up(owner) == [(number, NEVER_ENDED) for number in poisonous]
    done = {int(result) for (result,) in effects() if "gave up" not in result}
    assert done - set(range(1000, 1010)) == set(range(rows)) - set(poisonous)
    assert 4 <= deaths <= 4 * len(poisonous)


@pytest.mark.long
def test_a_row_that_kills_its_worker_is_counted_as_it_begins(worker, owner, effects, live, logged):
    enqueue(owner, 1)
    assert live(1, declare=one_by_one) == 4
    assert dead(owner) == [(3, NEVER_ENDED, "request-1")]
    assert effects() == [(f"gave up: {NEVER_ENDED}",)]
    told = [line for line in logged if line["event"] == "was_cut_off"]
    assert [(line["times"], line["attempt"]) for line in told] == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.long
def test_a_kind_with_one_attempt_is_tried_alone_before_it_is_given_up(worker, owner, effects, live):
    enqueue(owner, *range(4))

    def declare(poison):
        return [kind_of(poison, delays=(0,))]

    assert live(2, declare=declare, concurrency=4) == 3
    assert given_up(owner) == [(2, NEVER_ENDED)]
    assert len(effects()) == 4


@pytest.mark.long
def test_failing_in_good_order_is_no_longer_being_cut_off(worker, owner, effects, cut_off_rows):
    cut_off_rows(1)

    def refuse(_):
        raise Failure("no")

    worker(kind_of(refuse)).round()
    assert owner.execute("SELECT attempts, cut_off FROM outbox").fetchall() == [(1, 0)]


@pytest.mark.long
def test_a_stop_charges_nothing_and_it_stays_cut_off(worker, owner, effects, cut_off_rows, forever):
    cut_off_rows(1)
    stopped = worker(kind_of(lambda _: forever.wait(30)), grace=0.05)
    stopped.claim()
    stopped._wind_up()
    assert owner.execute("SELECT attempts, cut_off, claim FROM outbox").fetchall() == [(0, 1, None)]


@pytest.mark.long
def test_slow_work_beside_it_is_not_waited_for_for_ever(
    worker, owner, effects, cut_off_rows, forever, monkeypatch
):
    monkeypatch.setattr(cut_off, "_MAKING_ROOM", 0.1)
    cut_off_rows(1)
    owner.execute("UPDATE outbox SET cut_off = 1")
    enqueue(owner, 2, kind="slow")
    slow = kind_of(lambda _: forever.wait(30), name="slow")
    both = worker(slow, kind_of(str))
    both._lines["slow"].begin(both._conn(), both._lines["slow"].claim(both._conn(), 1))
    while effects() != [("1",)]:
        both.claim()
        both.finish(both._patience())


@pytest.mark.long
def test_what_is_alone_for_long_keeps_others_waiting_no_longer(
    worker, owner, effects, cut_off_rows, forever, monkeypatch
):
    monkeypatch.setattr(cut_off, "_ALONE", 0.1)
    cut_off_rows(1)
    owner.execute("UPDATE outbox SET cut_off = 1")
    both = worker(kind_of(lambda _: forever.wait(30)), kind_of(str, name="other"))
    assert both.claim() == 1
    enqueue(owner, 2, kind="other")
    assert both.claim() == 0
    while effects() != [("2",)]:
        both.claim()
        both.finish(both._patience())


@pytest.mark.long
def test_what_a_worker_loses_that_lives_is_not_cut_off(worker, owner, effects):
    """The worker was too slow for its lease; each attempt that it began counts."""
    enqueue(owner, 1)

    def counted():
        return owner.execute("SELECT attempts, cut_off FROM outbox").fetchone()

    for attempts in (1, 2, 3):
        go_on = threading.Event()
        slow = worker(kind_of(lambda _, go_on=go_on: go_on.wait(5) and "late"))
        slow.claim()
        due_now(owner)
        other = worker(kind_of(str))
        assert other._lines[KIND].claim(other._conn(), 1).jobs == []  # but it finds the row
        assert counted() == (attempts - 1, 1)
        go_on.set()
        slow.finish(5)
        assert counted() == (attempts, 0)
    worker(kind_of(str)).round()
    assert dead(owner) == [(3, NEVER_ENDED, "request-1")]


@pytest.mark.long
def test_a_paused_kind_is_not_begun(worker, owner, effects, cut_off_rows):
    cut_off_rows(1)
    assert worker(kind_of(str), concurrency=1)._cut_off.claim(owner) == 0
    owner.execute("UPDATE outbox SET cut_off = 1")
    owner.execute("INSERT INTO paused_kinds (kind) VALUES (%s)", (KIND,))
    assert worker(kind_of(str)).round() == 0
    owner.execute("DELETE FROM paused_kinds")
    assert worker(kind_of(str)).round() == 1
