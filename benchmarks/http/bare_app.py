"""The limit: Flask giving everybody the same answer, with none of our code around it."""

from __future__ import annotations

from flask import Flask, Response

application = Flask(__name__, static_folder=None)


@application.get("/bare")
def bare() -> Response:
    return Response(b'{"status":"ok"}', mimetype="application/json")
