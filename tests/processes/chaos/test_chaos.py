"""Every effect happens exactly once, whatever happens to workers, clocks, network and database.

Short in `make test-rest`, long in `make chaos`. A failure names its seed: `--chaos-seed N` makes
the same plans again, though not the same timing.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from sql import queries
from sql.server import ServerError
from tests import databases
from tests.proxy import Proxy

PROJECT = Path(__file__).parent.parent.parent.parent
SETTINGS = {"fsync": "off", "max_connections": "300"}
KINDS = ("plain", "flaky", "doomed", "moving", "long", "batched", "first")
WORKERS = 8
CLOCKS = 2
LEASE = 2.0

# The least seconds between two starts of the same process.
BETWEEN_STARTS = 0.5

# How a process may end after a signal. SIGTERM ends it at once as long as it has no handler, and
# the alarm that the handler sets ends a worker if a hanging database keeps it from stopping.
ENDS = {
    signal.SIGKILL: (-signal.SIGKILL,),
    signal.SIGTERM: (0, -signal.SIGTERM, -signal.SIGALRM),
}

# What a command prints when it ends with 1 because there is no database at its start.
NO_DATABASE = "Error: the database does not answer: "

# The names under which new starts, and rows that were given up and retried, are counted in
# `happened`.
STARTED_ANEW = "started_anew"
GIVEN_UP = "given_up"

# By default, the server may lose commits at a `kill -9`; it must not lose these.
TABLES = """
SET synchronous_commit = 'on';
CREATE TABLE wanted (kind text, subject_id uuid, PRIMARY KEY (kind, subject_id));
CREATE TABLE effects (kind text, subject_id uuid, slot timestamptz);
CREATE TABLE things (id uuid PRIMARY KEY, status text);
GRANT ALL ON wanted, effects, things TO PUBLIC;
DELETE FROM schedules;
INSERT INTO schedules (kind, cron, late, next_run_at)
VALUES ('tick', '* * * * *', 'all', date_trunc('minute', now()) - interval '90 minutes');
"""

# Work that is requested again because the answer got lost is only there once.
ENQUEUE = """
WITH fresh AS (
  INSERT INTO wanted
  SELECT %(kind)s, id FROM unnest(%(ids)s::uuid[]) AS id
  ON CONFLICT DO NOTHING RETURNING subject_id
), thing AS (
  INSERT INTO things SELECT subject_id, 'pending' FROM fresh WHERE %(kind)s = 'moving'
)
INSERT INTO outbox (kind, subject_id, workspace_id)
SELECT %(kind)s, subject_id, %(workspace)s FROM fresh
"""

# How much work has ended.
DONE = "SELECT (SELECT count(*) FROM effects) + (SELECT count(*) FROM dead_letters)"


class Process:
    """A worker or a clock that can be started again after it has ended."""

    def __init__(self, log, *command, **variables):
        self._log, self._command, self._variables = log, command, variables
        self.start()

    def start(self):
        environment = {"PATH": os.environ["PATH"], "COFFER_ENV": "test", "PYTHONUNBUFFERED": "1"}
        with self._log.open("a") as log:
            self._begin = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                cwd=PROJECT,
                env=environment | self._variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started = time.monotonic()
        self._sent = None

    def send(self, number):
        # This first checks whether it has ended: another process may have its id by now.
        self._process.send_signal(number)

    def end(self, number):
        if not self.has_ended():
            self._sent = number
        self.send(number)
        self.send(signal.SIGCONT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
            raise AssertionError(f"{self._log.name} did not end") from None

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(5)

    def has_ended(self):
        return self._process.poll() is not None

    def is_at_work(self):
        return not self.has_ended() and self._has_begun(self._said())

    def may_start(self):
        return self.has_ended() and time.monotonic() - self._started > BETWEEN_STARTS

    def check_the_end(self):
        """Check that it ended by the signal it was sent, or for lack of a database at its start."""
        code, said = self._process.returncode, self._said()
        # It waits for a database that is lost later.
        found_none = code == 1 and NO_DATABASE in said and not self._has_begun(said)
        as_expected = found_none or code in ENDS.get(self._sent, ())
        assert as_expected, f"{self._log.name} ended with {code}:\n{said[-1500:]}"
        assert "Traceback" not in said, f"{self._log.name} ended with {code}:\n{said[-1500:]}"

    def _said(self):
        """What it has written since its last start."""
        with self._log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode(errors="replace")

    def _has_begun(self, said):
        return "worker_started" in said or "clock_started" in said


class World:
    """A database, eight workers and two clocks, and everything that goes wrong with them."""

    def __init__(self, server, database, seed, folder):
        self.server, self.database = server, database
        self.port = server.port()
        self.random = random.Random(seed)
        self.folder = folder
        self.begun = folder / "begun"
        self.proxy = Proxy(self.port)
        self.workers = [self._worker(number) for number in range(WORKERS)]
        self.clocks = [self._clock(number) for number in range(CLOCKS)]
        self.happened = Counter()
        self.frozen = []
        self.ended = threading.Event()
        self.gone = threading.Event()

    def _worker(self, number):
        # The first one has a network that fails; the lease of the second is far too short.
        url = self.database.url
        if number == 0:
            url = url.replace(f":{self.port}/", f":{self.proxy.port}/")
        lease = 0.05 if number == 1 else LEASE
        log = self.folder / f"worker-{number}"
        return Process(log, "tests.processes.chaos.worker", url, str(lease), str(self.begun))

    def _clock(self, number):
        return Process(
            self.folder / f"clock-{number}",
            "workers.clock",
            DATABASE_URL=self.database.url,
            SECRET_KEY="a secret for tests only, of 32 characters or more",
        )

    def enqueue(self):
        """Enqueue work until the end, one by one and in bulk, in five workspaces."""
        rng = random.Random(self.random.random())
        conn = None
        while not self.ended.is_set():
            kind = rng.choice(KINDS)
            many = 1 if kind == "long" else rng.choice([1, 1, 1, 20])
            ids = [uuid.UUID(int=rng.getrandbits(128)) for _ in range(many)]
            values = {"kind": kind, "ids": ids, "workspace": uuid.UUID(int=rng.randrange(5))}
            while not self.gone.is_set():
                try:
                    conn = conn or psycopg.connect(self.database.url, autocommit=True)
                    conn.execute(ENQUEUE, values)
                    break
                except psycopg.OperationalError:
                    if conn is not None:
                        conn.close()
                    conn = None
                    time.sleep(0.1)
            time.sleep(rng.uniform(0, 0.04))
        if conn is not None:
            conn.close()

    # What goes wrong

    def kill_a_worker(self):
        self.random.choice(self.workers).end(signal.SIGKILL)

    def stop_a_worker(self):
        self.random.choice(self.workers).end(signal.SIGTERM)

    def freeze_a_worker(self):
        process = self.random.choice(self.workers[2:])
        process.send(signal.SIGSTOP)
        self.frozen.append((time.monotonic() + LEASE * 1.5, process))

    def thaw(self, *, everybody=False):
        for until, process in list(self.frozen):
            if everybody or time.monotonic() > until:
                self.frozen.remove((until, process))
                process.send(signal.SIGCONT)

    def end_some_connections(self):
        with psycopg.connect(self.database.admin_url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND random() < 0.4"
            )

    def restart_the_database(self):
        self.server.stop()
        self._start_the_database()

    def kill_the_database(self):
        os.kill(self.server.pid(), signal.SIGKILL)
        while self.server.pid() is not None:
            time.sleep(0.01)
        self._start_the_database()

    def _start_the_database(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                self.server.start(SETTINGS, port=self.port)
            except ServerError:
                # Orphans of the killed server may hold its memory a moment longer.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stall_the_network(self):
        self.proxy.stalled = True

    def cut_the_network(self):
        self.proxy.cut()

    def mend_the_network(self):
        self.proxy.mend()

    def kill_a_clock(self):
        self.random.choice(self.clocks).end(signal.SIGKILL)

    EVENTS = (
        *(kill_a_worker, kill_a_worker, kill_a_worker, stop_a_worker, stop_a_worker),
        *(freeze_a_worker, freeze_a_worker, end_some_connections, end_some_connections),
        *(restart_the_database, kill_the_database, kill_a_clock),
        *(stall_the_network, cut_the_network, mend_the_network, mend_the_network),
    )

    def go_wrong(self, seconds):
        """Every kind of event once, in random order, then random ones."""
        plan = list(dict.fromkeys(self.EVENTS))
        self.random.shuffle(plan)
        until = time.monotonic() + seconds
        while plan or time.monotonic() < until:
            event = plan.pop() if plan else self.random.choice(self.EVENTS)
            event(self)
            self.happened[event.__name__] += 1
            self.thaw()
            self.look_after_all()
            time.sleep(self.random.uniform(0.2, 0.8))

    def look_after_all(self):
        """Restart every process that has ended, as a process manager does, whether a signal ended
        it or it found no database: nothing else would."""
        for process in (*self.workers, *self.clocks):
            if process.may_start():
                process.check_the_end()
                process.start()
                self.happened[STARTED_ANEW] += 1

    def calm_down(self):
        self.ended.set()
        self.proxy.mend()
        self.thaw(everybody=True)

    # What is checked

    @contextlib.contextmanager
    def asking(self):
        with psycopg.connect(self.database.owner_url, autocommit=True) as conn:
            yield conn

    def wait_for_all(self, seconds):
        """Wait until every worker and clock is at work."""
        everybody = (*self.workers, *self.clocks)
        deadline = time.monotonic() + seconds
        while (working := sum(each.is_at_work() for each in everybody)) < WORKERS + CLOCKS:
            assert time.monotonic() < deadline, f"only {working} are at work"
            self.look_after_all()
            time.sleep(0.1)

    def drain(self):
        """Wait until nothing is queued. A busy machine takes its time, but there must not be a
        whole minute in which nothing gets done."""
        done, deadline = None, 0.0
        with self.asking() as conn:
            while rows := conn.execute(
                "SELECT kind, attempts, claim, run_after - now(), last_error FROM outbox"
            ).fetchall():
                before, done = done, conn.execute(DONE).fetchone()
                if done != before:
                    deadline = time.monotonic() + 60
                assert time.monotonic() < deadline, rows[:10]
                self.look_after_all()
                time.sleep(0.2)

    def retry_what_was_given_up(self):
        """Retry it, as an operator would. It was killed, or too slow for its lease, or failed, as
        often as its attempts say: nothing was counted that had not begun."""
        with self.asking() as conn:
            while letters := conn.execute(
                "SELECT id, kind, subject_id, attempts FROM dead_letters WHERE kind <> 'doomed'"
            ).fetchall():
                begun = Counter(self.begun.read_text().splitlines())
                for _, kind, subject_id, attempts in letters:
                    assert begun[f"{kind} {subject_id}"] >= attempts
                self.happened[GIVEN_UP] += len(letters)
                queries.dead_letters.requeue(conn, ids=[letter[0] for letter in letters])
                self.drain()

    def logs(self):
        paths = [path for path in self.folder.iterdir() if path != self.begun]
        tails = [f"== {path.name}\n{path.read_text()[-1500:]}" for path in paths]
        return "\n".join(tails)

    def close(self):
        self.calm_down()
        self.gone.set()
        for process in (*self.workers, *self.clocks):
            process.close()
        self.proxy.close()


@pytest.fixture
def seed(pytestconfig):
    return pytestconfig.getoption("--chaos-seed") or random.SystemRandom().randrange(1_000_000)


def test_every_effect_is_there_exactly_once(pytestconfig, seed):
    seconds = pytestconfig.getoption("--chaos-seconds")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(databases.private_server())
        database = stack.enter_context(databases.new_database(server.url(), "coffer_chaos"))
        folder = stack.enter_context(databases.temporary_folder())
        with database.connect() as conn:
            conn.execute(TABLES)
        world = World(server, database, seed, folder)
        stack.callback(world.close)
        enqueuing = [threading.Thread(target=world.enqueue) for _ in range(2)]
        for thread in enqueuing:
            thread.start()
        try:
            # What goes wrong before they are at work only shows that they start.
            world.wait_for_all(30)
            world.go_wrong(seconds)
            world.calm_down()
            for thread in enqueuing:
                thread.join()
            world.wait_for_all(30)
            world.drain()
            world.retry_what_was_given_up()
            world.wait_for_all(5)
            with world.asking() as conn:
                check(conn)
        except Exception:
            print(f"seed {seed}: {dict(world.happened)}\n{world.logs()}")  # noqa: T201
            raise
        print(f"seed {seed}: {dict(world.happened)}")  # noqa: T201
    events = {event.__name__ for event in World.EVENTS}
    assert world.happened.keys() - {GIVEN_UP} == {*events, STARTED_ANEW}


def check(conn):
    wanted = set(conn.execute("SELECT kind, subject_id FROM wanted"))
    assert {kind for kind, _ in wanted} == set(KINDS)
    assert len(wanted) > 200
    # The work that follows from the first kind is wanted too.
    wanted |= {("second", subject_id) for kind, subject_id in wanted if kind == "first"}
    died = dict(conn.execute("SELECT subject_id, error FROM dead_letters WHERE kind = 'doomed'"))
    assert set(died) == {subject_id for kind, subject_id in wanted if kind == "doomed"}
    assert all(died.values())
    other = conn.execute("SELECT * FROM dead_letters WHERE kind <> 'doomed'").fetchall()
    assert other == []

    effects = Counter(conn.execute("SELECT kind, subject_id FROM effects WHERE kind <> 'tick'"))
    assert {each: number for each, number in effects.items() if number != 1} == {}
    assert set(effects) == {each for each in wanted if each[0] != "doomed"}
    statuses = conn.execute("SELECT DISTINCT status FROM things").fetchall()
    assert statuses == [("done",)]

    slots = [slot for (slot,) in conn.execute("SELECT slot FROM effects WHERE kind = 'tick'")]
    expected = conn.execute(
        "SELECT generate_series(date_trunc('minute', min(effects.slot)),"
        "                       max(schedules.next_run_at) - interval '1 minute', '1 minute')"
        "  FROM effects, schedules WHERE effects.kind = 'tick' AND schedules.kind = 'tick'"
    ).fetchall()
    assert sorted(slots) == [slot for (slot,) in expected]
    assert len(slots) >= 90
