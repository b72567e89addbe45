"""A trace from a request, through the trigger, to the work that it causes."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from tests.workers.conftest import enqueue, kind_of
from webapp.app import create_app
from webapp.failure import Failure
from webapp.http import db
from webapp.telemetry import tracing
from workers.engine.kind import Batch
from workers.enrich_items import enrich_items

# They import OpenTelemetry, which takes seconds.
pytestmark = pytest.mark.long

NOTE = {"source_type": "note", "raw_text": "The oak posts have to be ordered before Friday."}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"


@pytest.fixture
def spans():
    """Switches tracing on; call it to get the spans that have ended, by name."""
    exporter = InMemorySpanExporter()
    provider = tracing.start(exporter, "tests")

    def ended():
        provider.force_flush()
        return {span.name: span for span in exporter.get_finished_spans()}

    ended.all = lambda: provider.force_flush() and exporter.get_finished_spans()
    yield ended
    tracing.stop()


@pytest.fixture
def traced_ana(spans, settings, database):
    app = create_app(settings)
    client = app.test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    yield client
    db.pool.of(app).close()


def trace_of(span):
    return format_trace_id(span.context.trace_id)


def parent_of(span):
    return format_span_id(span.parent.span_id)


def test_work_goes_on_in_the_trace_of_the_request_that_caused_it(
    traced_ana, spans, worker, owner, logged
):
    headers = {"traceparent": TRACEPARENT, "X-Request-Id": "capture-1"}
    item = traced_ana.post("/api/items", json=NOTE, headers=headers).json
    request = spans()["POST /api/items"]
    assert (trace_of(request), parent_of(request)) == (TRACE, CALLER)
    assert request.kind is SpanKind.SERVER
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["http.route"] == "/api/items"
    span_id = format_span_id(request.context.span_id)
    kept = owner.execute("SELECT traceparent FROM outbox").fetchall()
    assert kept == [(f"00-{TRACE}-{span_id}-01",)]
    lines = [line for line in logged if line["event"] == "request"]
    assert [line["trace_id"] for line in lines] == [TRACE]

    worker(enrich_items).round()
    work = spans()["work enrich_items"]
    assert (trace_of(work), parent_of(work)) == (TRACE, span_id)
    assert work.kind is SpanKind.CONSUMER
    assert dict(work.attributes) == {
        "coffer.kind": "enrich_items",
        "coffer.attempt": 1,
        "coffer.subject_id": item["id"],
        "coffer.request_id": "capture-1",
    }
    finished = [line for line in logged if line["event"] == "finished"]
    assert [line["trace_id"] for line in finished] == [TRACE]


def test_a_request_without_a_traceparent_begins_a_trace(traced_ana, spans):
    for given in ({}, {"traceparent": "00-nonsense"}):
        assert traced_ana.get("/api/items/pending", headers=given).status_code == 200
    begun = spans.all()
    assert [span.parent for span in begun] == [None, None]
    assert len({trace_of(span) for span in begun}) == 2


def test_an_invalid_address_does_not_name_a_span(traced_ana, spans):
    traced_ana.get("/no/such/thing")
    assert list(spans()) == ["GET"]


def test_a_span_has_the_error_and_lines_of_the_work_have_the_trace(spans, worker, owner, logged):
    def refuse(_):
        structlog.get_logger("test").info("at_work")
        raise Failure("The page did not answer.")

    enqueue(owner, 1)
    owner.execute("UPDATE outbox SET traceparent = %s", (TRACEPARENT,))
    worker(kind_of(refuse)).round()
    (work,) = spans.all()
    assert work.status.status_code is StatusCode.ERROR
    assert work.events[0].attributes["exception.message"] == "The page did not answer."
    assert [line["trace_id"] for line in logged if line["event"] == "at_work"] == [TRACE]


def test_rows_that_are_worked_on_together_have_a_span_each(spans, worker, owner):
    def work(numbers, clients):
        return [ValueError("bad row") if number == 2 else "done" for number in numbers]

    enqueue(owner, 1, 2)
    owner.execute("UPDATE outbox SET traceparent = %s", (TRACEPARENT,))
    worker(kind_of(str, work=work, save=None, batch=Batch(2, 1.0))).round()
    ended = spans.all()
    assert [(trace_of(span), parent_of(span)) for span in ended] == [(TRACE, CALLER)] * 2
    statuses = {span.attributes["coffer.request_id"]: span.status.status_code for span in ended}
    assert statuses == {"request-1": StatusCode.UNSET, "request-2": StatusCode.ERROR}


def test_spans_go_to_the_endpoint_of_the_settings(settings, monkeypatch):
    asked = []
    monkeypatch.setattr(tracing, "start", lambda *given: asked.append(given))
    tracing.configure(settings, "tests")
    assert asked == []
    tracing.configure(replace(settings, otel_endpoint="http://127.0.0.1:4318/"), "tests")
    ((exporter, service),) = asked
    assert (exporter._endpoint, service) == ("http://127.0.0.1:4318/v1/traces", "tests")
    exporter.shutdown()


def test_the_end_of_a_process_does_not_wait_long_for_a_collector(settings, monkeypatch):
    monkeypatch.setattr(tracing, "_LAST_SECONDS", 0.2)
    tracing.configure(replace(settings, otel_endpoint="http://127.0.0.1:1"), "tests")
    with tracing.span("last", kind=SpanKind.SERVER, parent=None, attributes={}):
        pass
    began = time.monotonic()
    tracing.stop()
    assert time.monotonic() - began < 5
    assert not tracing.is_on()


@pytest.mark.processes
def test_nothing_is_imported_where_nobody_watches():
    code = """
import sys
from webapp.app import create_app
from webapp.settings import Settings
from workers.engine import metrics_server
from workers.enrich_items import enrich_items
from workers.engine.loop import Worker

settings = Settings(
    environment="production",
    database_url="postgresql://nowhere.invalid/x",
    database_migrate_url="postgresql://nowhere.invalid/x",
    secret_key="x" * 32,
)
create_app(settings).test_client().get("/no/such/thing")
worker = Worker([enrich_items], settings)
metrics_server.serve(settings, [line.meter for line in worker._lines.values()])
worker.close()
print(*sys.modules)
"""
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "flask" in asked.stdout.split()
    for library in ("prometheus_client", "opentelemetry"):
        assert library not in asked.stdout
