"""Serves a worker's metrics to Prometheus, at the address that WORKER_METRICS names."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog

from sql import queries
from sql.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prometheus_client.core import Metric

    from webapp.settings import Settings
    from workers.engine.metrics import Meter

log = structlog.get_logger("workers.engine.metrics")

# The timeout of the query about the queue, and how many seconds a scrape waits for it, including
# the connection. Prometheus itself gives a scrape ten seconds.
_STATEMENT_TIMEOUT: Final = "2s"
_PATIENCE: Final = 3.0

# Name, key in a meter's counts, help.
_COUNTERS: Final = (
    ("claimed", "claimed", "Rows claimed; each attempt claims its row again."),
    ("finished", "finished", "Rows whose work was done and whose result was written."),
    ("again", "again", "Rows whose work is to be done again: there is more of it, or it waits."),
    ("dropped", "dropped", "Rows that no longer needed their work."),
    ("failed", "failed", "Attempts that failed and will be retried."),
    ("dead", "dead", "Rows given up: they became dead letters."),
    ("leases_lost", "lost", "Rows whose result came too late and was not written."),
    ("held", "held", "Rows whose result was not written because another transaction held the row."),
)
_HISTOGRAMS: Final = (
    ("claim", "claiming", "Seconds that a claim took, including claims that found nothing."),
    ("wait", "waiting", "Seconds from a row entering the queue to each claim of it."),
    ("duration", "working", "Seconds of work on a row, or on the whole batch for work in batches."),
    ("completion", "completing", "Seconds from a finished row entering the queue to its result."),
)
# Name, column of the query, help.
_QUEUE: Final = (
    ("ready_rows", "ready", "Rows that are due and not held by a worker."),
    ("waiting_rows", "waiting", "Rows that are due later, after a delay or a failed attempt."),
    ("in_flight_rows", "in_flight", "Rows that all workers together hold."),
    (
        "oldest_ready_seconds",
        "oldest_ready_seconds",
        "Seconds since the oldest ready row became due.",
    ),
    ("dead_letters", "dead_letters", "Dead letters that nobody has retried or discarded."),
)


def serve(settings: Settings, meters: Iterable[Meter | None]) -> None:
    """Serve until the process ends, if the settings say so.

    If the address is taken, by another worker on this machine, the work continues without metrics.
    """
    if settings.worker_metrics is None:
        return
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector([each for each in meters if each], Queue(settings)))
    host, _, port = settings.worker_metrics.rpartition(":")
    try:
        start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        log.warning("metrics_not_served", address=settings.worker_metrics, error=str(error))
    else:
        log.info("metrics_served", address=settings.worker_metrics)


class Queue:
    """The status of the queue, from a query with a short timeout, in its own thread: neither a huge
    queue nor a hanging database can block a scrape."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._asked: Future[list[dict[str, Any]]] | None = None

    def kinds(self, known: Sequence[str]) -> list[dict[str, Any]]:
        """A row for each kind, including those that nobody works on; none if it is not known."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                arguments = (self._asked, list(known))
                threading.Thread(target=self._ask, args=arguments, daemon=True).start()
            asked = self._asked
        try:
            return asked.result(timeout=_PATIENCE)
        except (psycopg.Error, TimeoutError) as error:
            log.warning("queue_not_counted", error=str(error).strip() or "it takes too long")
            return []

    def _ask(self, asked: Future[list[dict[str, Any]]], known: list[str]) -> None:
        url, pooler = self._settings.database_url, self._settings.database_pooler
        try:
            with connect(url, "coffer metrics", pooler=pooler) as conn, conn.transaction():
                queries.outbox.hurry(conn, within=_STATEMENT_TIMEOUT)
                asked.set_result(queries.outbox.status(conn, kinds=known, minutes=1))
        except Exception as error:  # noqa: BLE001  # whatever it is, who asks must hear of it
            asked.set_exception(error)


class Collector:
    """Converts the meters to metrics, at each scrape."""

    def __init__(self, meters: Sequence[Meter], queue: Queue) -> None:
        self._meters = meters
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """In the form that prometheus_client's registries expect."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        for name, key, said in _COUNTERS:
            counter = CounterMetricFamily(f"coffer_work_{name}", said, labels=["kind"])
            for meter in self._meters:
                with meter.lock:
                    counter.add_metric([meter.kind], meter.counts[key])
            yield counter
        for name, key, said in _HISTOGRAMS:
            histogram = HistogramMetricFamily(f"coffer_work_{name}_seconds", said, labels=["kind"])
            for meter in self._meters:
                with meter.lock:
                    buckets, total = getattr(meter, key).read()
                histogram.add_metric([meter.kind], buckets, total)
            yield histogram
        said = "Rows that this worker holds: claimed ahead, in progress or not yet written."
        in_hand = GaugeMetricFamily("coffer_work_in_hand_rows", said, labels=["kind"])
        for meter in self._meters:
            in_hand.add_metric([meter.kind], len(meter.in_hand))
        yield in_hand
        rows = self._queue.kinds([meter.kind for meter in self._meters])
        for name, key, said in _QUEUE if rows else ():
            gauge = GaugeMetricFamily(f"coffer_work_{name}", said, labels=["kind"])
            for row in rows:
                gauge.add_metric([row["kind"]], row[key] or 0)
            yield gauge
