"""The metrics of the web. tests/workers/engine/test_metrics.py has those of workers."""

from __future__ import annotations

import http.client
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import eventually, serving
from tests.processes.test_processes import QUIET, children_of
from webapp.app import create_app
from webapp.http import db

TOKEN = "a-token-for-prometheus"


def samples(text):
    """The value of each sample, by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(port, **headers):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        conn.request("GET", "/metrics", headers=headers)
        answer = conn.getresponse()
        assert answer.status == 200
        return samples(answer.read().decode())
    finally:
        conn.close()


@pytest.mark.processes
def test_the_processes_of_a_server_are_counted_together_and_the_dead_ones_too(database):
    posts = ("coffer_http_requests_total", "POST", "/api/items", "201")
    durations = ("coffer_http_request_duration_seconds_count", "/api/items")
    with serving(database, WEB_CONCURRENCY="2", WEB_THREADS="4") as api:

        def post(_):
            return api("POST", "/api/items", QUIET)[0]

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(post, range(40))) == {201}
        for _ in range(6):
            seen = scrape(api.port)
            assert seen[posts] == seen[durations] == 40
        assert seen[("coffer_pool_connections_in_use",)] >= 0
        assert seen[("coffer_pool_requests_waiting",)] == 0

        os.kill(children_of(api.process.pid)[0], signal.SIGKILL)
        eventually(lambda: len(children_of(api.process.pid)) == 2 and api.status("/health") == 200)
        assert post(None) == 201
        assert scrape(api.port)[posts] == 41


@pytest.mark.long
def test_a_route_is_named_by_its_rule_and_never_by_the_address(settings, database, ana):
    app = create_app(settings)
    client = app.test_client()
    client.get("/api/items/00000000-0000-7000-8000-000000000000", headers={"X-Dev-User-Id": "ana"})
    client.get("/no/such/thing")
    client.open("/api/items", method="BREW")
    text = client.get("/metrics").text
    db.pool.of(app).close()
    counted = {key[1:] for key in samples(text) if key[0] == "coffer_http_requests_total"}
    assert counted == {
        ("GET", "/api/items/<uuid:item_id>", "404"),
        ("GET", "none", "404"),
        ("other", "none", "405"),
    }
    assert "00000000" not in text
