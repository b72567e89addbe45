"""The web's metrics, for Prometheus only."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from flask import Response, request

from webapp.http import metrics as counts
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit

if TYPE_CHECKING:
    from flask import Flask

metrics = Blueprint("metrics", __name__)


def install(app: Flask) -> None:
    """Serve the metrics if the settings say who may read them."""
    if settings.of(app).serves_metrics:
        app.register_blueprint(metrics)


@metrics.get("/metrics")
@permit(PUBLIC)
def show() -> Response:
    """What the web has done since it started"""
    sent = request.headers.get("Authorization", "").encode()
    wanted = f"Bearer {settings().metrics_token}".encode()
    if not settings().in_development and not compare_digest(sent, wanted):
        raise Problem(
            401,
            "unauthenticated",
            "Send METRICS_TOKEN as a bearer token.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    text, media_type = counts.metrics().read(request.headers.get("Accept", ""))
    return Response(text, content_type=media_type)
