"""The metrics that workers serve to Prometheus if WORKER_METRICS is set."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from tests.http.test_metrics import samples, scrape
from tests.processes import eventually, free_port, running
from tests.workers.conftest import KIND, due_now, enqueue, kind_of
from webapp.failure import Failure
from workers.engine.job import NO_WORKSPACE, Job, Outcome
from workers.engine.loop import Worker
from workers.engine.metrics import Histogram, Meter
from workers.engine.metrics_server import Collector, Queue
from workers.engine.progress import LeaseLost


@pytest.fixture
def metered(settings, effects):
    """Makes workers that count, for some kinds."""
    made = []

    def make(*kinds, **options):
        made.append(Worker(kinds, replace(settings, worker_metrics="127.0.0.1:1"), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def read(worker, settings):
    registry = CollectorRegistry(auto_describe=False)
    meters = [line.meter for line in worker._lines.values()]
    registry.register(Collector(meters, Queue(settings)))
    return samples(generate_latest(registry).decode())


@pytest.mark.long
def test_each_way_in_which_work_ends_is_counted(metered, owner, settings):
    def work(number):
        match number:
            case 1:
                time.sleep(0.06)
            case 2:
                raise Failure("not now")
            case 3:
                raise Failure("never", permanent=True)
            case 4:
                raise LeaseLost
        return "done"

    wanted = {1, 2, 3, 4}
    kind = kind_of(
        work,
        load=lambda conn, jobs: {
            job.subject_id: job.payload["number"] for job in jobs if job.payload["number"] in wanted
        },
    )
    enqueue(owner, 1, 2, 3, 4, 5)
    owner.execute("UPDATE outbox SET enqueued_at = now() - interval '20 seconds'")
    worker = metered(kind, concurrency=8)
    worker.round()
    seen = read(worker, settings)
    for name, number in {
        "claimed": 5,
        "finished": 1,
        "dropped": 1,
        "failed": 1,
        "dead": 1,
        "leases_lost": 1,
    }.items():
        assert seen[(f"coffer_work_{name}_total", KIND)] == number, name
    assert seen[("coffer_work_wait_seconds_bucket", KIND, "10.0")] == 0
    assert seen[("coffer_work_wait_seconds_bucket", KIND, "30.0")] == 5
    assert seen[("coffer_work_duration_seconds_bucket", KIND, "0.05")] == 3
    assert seen[("coffer_work_duration_seconds_count", KIND)] == 4
    assert seen[("coffer_work_completion_seconds_count", KIND)] == 1
    assert 20 < seen[("coffer_work_completion_seconds_sum", KIND)] < 25
    assert seen[("coffer_work_claim_seconds_count", KIND)] == 1
    assert seen[("coffer_work_in_hand_rows", KIND)] == 0


@pytest.mark.long
def test_how_the_queue_stands_is_asked_at_each_scrape(metered, owner, settings):
    worker = metered(kind_of(str))
    enqueue(owner, 1, 2)
    enqueue(owner, 3, kind="nobodys")
    owner.execute("UPDATE outbox SET run_after = now() - interval '90 seconds'")
    seen = read(worker, settings)
    assert seen[("coffer_work_ready_rows", KIND)] == 2
    assert seen[("coffer_work_ready_rows", "nobodys")] == 1
    assert 90 <= seen[("coffer_work_oldest_ready_seconds", KIND)] < 95
    due_now(owner)
    worker.round()
    seen = read(worker, settings)
    assert seen[("coffer_work_ready_rows", KIND)] == 0
    assert seen[("coffer_work_oldest_ready_seconds", KIND)] == 0
    assert seen[("coffer_work_finished_total", KIND)] == 2


@pytest.mark.long
def test_where_the_database_does_not_answer_the_rest_is_reported(metered, settings, logged):
    worker = metered(kind_of(str))
    away = replace(settings, database_url="postgresql://x:hunter2@127.0.0.1:1/x")
    seen = read(worker, away)
    assert seen[("coffer_work_claimed_total", KIND)] == 0
    assert ("coffer_work_ready_rows", KIND) not in seen
    assert [line["event"] for line in logged] == ["queue_not_counted"]
    assert "hunter2" not in str(logged)


@pytest.mark.long
def test_a_count_that_takes_long_is_given_up(metered, owner, database, settings, monkeypatch):
    monkeypatch.setattr("workers.engine.metrics_server._STATEMENT_TIMEOUT", "100ms")
    worker = metered(kind_of(str))
    with database.connect() as blocking, blocking.transaction():
        blocking.execute("LOCK TABLE outbox")
        seen = read(worker, settings)
    assert ("coffer_work_ready_rows", KIND) not in seen
    assert seen[("coffer_work_in_hand_rows", KIND)] == 0


@pytest.mark.processes
def test_a_worker_serves_its_metrics_and_another_one_goes_on_without(database, make):
    port = free_port()
    command = ("coffer", "work", "--every", "100ms")
    finished = ("coffer_work_finished_total", "enrich_items")
    address = f"127.0.0.1:{port}"
    with running(*command, database=database, WORKER_METRICS=address) as first:
        eventually(lambda: "metrics_served" in first.log())
        make.item(make.user("ana"))
        eventually(lambda: scrape(port)[finished] == 1)
        with running(*command, database=database, WORKER_METRICS=address) as second:
            eventually(lambda: "metrics_not_served" in second.log())
            first.terminate()
            assert first.wait(10) == 0
            make.item(make.user("ben"))
            eventually(lambda: "finished" in second.log())
        assert "Traceback" not in second.log()


def test_without_an_address_nothing_is_counted(worker):
    plain = worker(kind_of(str))
    assert [line.meter for line in plain._lines.values()] == [None]


def test_a_histograms_buckets_hold_what_is_at_most_as_long():
    histogram = Histogram()
    histogram.add([0.001, 0.002, 100_000.0])
    buckets, total = histogram.read()
    assert dict(buckets) == dict(buckets) | {"0.001": 1, "0.005": 2, "43200.0": 2, "+Inf": 3}
    assert total == pytest.approx(100_000.003)


def test_the_database_has_the_time_of_day():
    # The database's clock is an hour ahead of this machine's.
    entered = datetime.now(UTC) + timedelta(hours=1) - timedelta(seconds=5)
    job = Job("k", uuid4(), NO_WORKSPACE, {}, None, None, 1, 1, 0, None, entered, 5.0)
    meter = Meter("k", [])
    meter.claimed([job], time.monotonic())
    meter.ended([(Outcome(job), "finished")])
    _, total = meter.completing.read()
    assert 5 <= total < 6
