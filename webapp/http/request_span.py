"""A span for each request, which continues the caller's `traceparent` if one was sent.

OpenTelemetry's own Flask instrumentation would do this too, but with five more packages, all of
them betas tied to one version of the rest, and by replacing parts of Flask at run time; we only
need these few lines.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from flask import g, request

from webapp.http import request_id, request_path
from webapp.http.metrics import method_of_request, route_of_request
from webapp.telemetry import tracing

if TYPE_CHECKING:
    from flask import Flask, Response


def install(app: Flask) -> None:
    """Begin and end the spans, if traces are on; after the request has its id."""
    if not tracing.is_on():
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode

    @app.before_request
    def begin() -> None:
        method, route = method_of_request(), route_of_request()
        g.open_span = ExitStack()
        g.span = g.open_span.enter_context(
            tracing.span(
                method if route == "none" else f"{method} {route}",
                kind=SpanKind.SERVER,
                parent=request.headers.get("traceparent"),
                attributes={
                    "http.request.method": method,
                    "http.route": route,
                    "url.path": request_path.without_secrets(),
                    "coffer.request_id": request_id.current(),
                },
            )
        )

    @app.after_request
    def note(response: Response) -> Response:
        g.span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= 500:
            g.span.set_status(Status(StatusCode.ERROR))
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if "open_span" in g:
            g.pop("open_span").close()
