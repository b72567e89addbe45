"""Counts the web's requests and connections, for Prometheus (`/metrics`).

Each gunicorn process writes its numbers to files in a shared folder, and the process that is asked
adds them up; `gunicorn.py` creates the folder. A single process, as in tests, has its own. If
metrics are off, nothing is counted, and Prometheus's library is not imported.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from flask import g, request

from webapp.http import db
from webapp.http.installed import Installed

if TYPE_CHECKING:
    from flask import Flask, Response
    from prometheus_client import CollectorRegistry

    from webapp.http.pool import Pool
    from webapp.settings import Settings

# Anything else was made up by a client, and each new value would be a new series forever.
_METHODS: Final = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())

_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# Seconds between two samples of the pool, for the other processes to read.
_EVERY: Final = 1.0


metrics: Final[Installed[Metrics]] = Installed("metrics")


def install(app: Flask, settings: Settings) -> None:
    """Count the app's requests, if metrics are on."""
    if settings.serves_metrics:
        made = metrics.install(app, Metrics(db.pool.of(app)))
        app.before_request(made.begin)
        app.after_request(made.end)


def method_of_request() -> str:
    """The method of the current request, if it is a known one."""
    return request.method if request.method in _METHODS else "other"


def route_of_request() -> str:
    """The rule that matches the current request's address: never the address itself."""
    return request.url_rule.rule if request.url_rule else "none"


class Metrics:
    """The metrics of one app."""

    def __init__(self, pool: Pool) -> None:
        import prometheus_client
        from prometheus_client import Counter, Gauge, Histogram, values

        self._library = prometheus_client
        self._registry = registry = prometheus_client.CollectorRegistry()
        self._is_one_of_many = bool(values.ValueClass._multiprocess)
        self._requests = Counter(
            "coffer_http_requests",
            "Requests answered, by method, route and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._durations = Histogram(
            "coffer_http_request_duration_seconds",
            "Seconds from a request reaching the app to its answer, by route.",
            ["route"],
            buckets=_BOUNDS,
            registry=registry,
        )
        self._in_use = Gauge(
            "coffer_pool_connections_in_use",
            "Database connections held by requests.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._waiting = Gauge(
            "coffer_pool_requests_waiting",
            "Requests waiting for a database connection.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._pool = pool
        self._lock = threading.Lock()
        self._watching: threading.Thread | None = None

    def begin(self) -> None:
        """A request arrived."""
        g.counted_from = time.perf_counter()
        # Started here, not at startup: a thread would not survive a fork.
        if self._is_one_of_many and self._watching is None:
            self._watch()

    def end(self, response: Response) -> Response:
        """It is answered."""
        route = route_of_request()
        self._requests.labels(method_of_request(), route, response.status_code).inc()
        self._durations.labels(route).observe(time.perf_counter() - g.counted_from)
        return response

    def read(self, accept: str) -> tuple[bytes, str]:
        """All metrics, and their media type, in a format that the scraper accepts."""
        self._look_at_pool()
        encode, media_type = self._library.exposition.choose_encoder(accept)
        return encode(self._whole_registry()), media_type

    def _whole_registry(self) -> CollectorRegistry:
        if not self._is_one_of_many:
            return self._registry
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self._library.CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry

    def _watch(self) -> None:
        with self._lock:
            if self._watching is None:
                self._watching = threading.Thread(target=self._keep_looking, daemon=True)
                self._watching.start()

    def _keep_looking(self) -> None:
        while True:
            self._look_at_pool()
            time.sleep(_EVERY)

    def _look_at_pool(self) -> None:
        self._in_use.set(self._pool.in_use)
        self._waiting.set(self._pool.get_stats()["requests_waiting"])
