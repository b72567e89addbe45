"""Traces, with OpenTelemetry, if OTEL_EXPORTER_OTLP_ENDPOINT says where to send them.

A request's span begins in `request_span.py`. Its traceparent goes with the transaction, so that the
trigger stores it with the work that the request causes; the worker's span, in
`workers/engine/spans.py`, continues from it. Without an endpoint nothing is imported and no span is
started: `is_on` is false.

The provider is our own, not OpenTelemetry's global one, which can only be set once in a process.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, SpanKind, Tracer

    from webapp.settings import Settings

# Seconds that a stopping process waits for a collector that does not accept its last spans: it will
# soon be killed.
_LAST_SECONDS: Final = 3.0

_tracer: Tracer | None = None
_provider: TracerProvider | None = None
_exporter: SpanExporter | None = None


def configure(settings: Settings, service: str) -> None:
    """Send the spans of this process, under a service's name, if the settings say so; call it after
    a fork, since it starts a thread."""
    if settings.otel_endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    start(OTLPSpanExporter(f"{settings.otel_endpoint.rstrip('/')}/v1/traces"), service)


def start(exporter: SpanExporter, service: str) -> TracerProvider:
    """Start creating spans, and pass them to an exporter in batches of some seconds, until
    `stop`."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _tracer, _provider, _exporter  # noqa: PLW0603  # one a process, as its log is
    resource = Resource.create({"service.name": service})
    _exporter, _provider = exporter, TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("coffer")
    return _provider


def stop() -> None:
    """Stop creating spans, and send those that have ended."""
    global _tracer, _provider, _exporter  # noqa: PLW0603  # as above
    if _provider is not None and _exporter is not None:
        enough = threading.Timer(_LAST_SECONDS, _exporter.shutdown)
        enough.daemon = True
        enough.start()
        _provider.shutdown()
        enough.cancel()
    _tracer = _provider = _exporter = None


def is_on() -> bool:
    """Whether spans are created."""
    return _tracer is not None


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind,
    parent: str | None,
    attributes: Mapping[str, str | int],
    active: bool = True,
) -> Iterator[Span]:
    """A span that continues a traceparent; without one, or with a malformed one, it starts a trace.
    While active, it is the parent of later spans in this thread, and log lines have its trace's id.
    Only call it if `is_on`."""
    from opentelemetry import trace

    assert _tracer is not None
    begun = _tracer.start_span(name, _context(parent), kind, dict(attributes))
    try:
        if not active:
            yield begun
            return
        trace_id = trace.format_trace_id(begun.get_span_context().trace_id)
        with (
            trace.use_span(begun, record_exception=False, set_status_on_exception=False),
            structlog.contextvars.bound_contextvars(trace_id=trace_id),
        ):
            yield begun
    finally:
        begun.end()


def record(span: Span, error: BaseException) -> None:
    """Record an error in a span."""
    from opentelemetry.trace import Status, StatusCode

    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))


def traceparent() -> str:
    """The active span as W3C's header, or nothing if there is none."""
    if _tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")


def _context(parent: str | None) -> Context:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent or ""}, Context())
