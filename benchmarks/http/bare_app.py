"""The limit: Flask saying the same thing to anybody, with nothing of ours around it."""

from __future__ import annotations

from flask import Flask, Response

application = Flask(__name__, static_folder=None)


@application.get("/bare")
def bare() -> Response:
    return Response(b'{"status":"ok"}', mimetype="application/json")
