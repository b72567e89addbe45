"""The API's description, for programs and for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response, send_from_directory

from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.description import api
from webapp.routes.permit import PUBLIC, permit

if TYPE_CHECKING:
    from flask import Flask

PAGE: Final = Path(__file__).parents[2] / "static" / "docs"

# Swagger UI uses inline styles and data: URLs for icons; scripts are only our own.
_PAGE_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'"
)

description = Blueprint("description", __name__)
docs = Blueprint("docs", __name__)


def install(app: Flask) -> None:
    """Serve the description and, if the settings say so, the page that shows it."""
    app.register_blueprint(description)
    if settings.of(app).docs_enabled:
        app.register_blueprint(docs)


@description.get("/api/openapi.json")
@permit(PUBLIC)
def openapi() -> Response:
    """The OpenAPI document"""
    response = Response(api().document, mimetype="application/json")
    response.headers["Cache-Control"] = "public, no-cache"
    return response


@docs.get("/docs", defaults={"file": "index.html"})
@docs.get("/docs/", defaults={"file": "index.html"})
@docs.get("/docs/<file>")
@permit(PUBLIC)
def show(file: str) -> Response:
    """A page to read the description and try the API, from our own files"""
    response = send_from_directory(PAGE, file, max_age=3600)
    response.headers["Content-Security-Policy"] = _PAGE_POLICY
    return response
