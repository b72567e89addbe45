"""The simplest possible upload: the raw body, written to a file."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from flask import Flask, request

FOLDER = Path(os.environ.get("UPLOADS", "."))

app = Flask(__name__)


@app.get("/health")
def health() -> str:
    return "ok"


@app.post("/upload")
def upload() -> tuple[str, int]:
    with (FOLDER / str(uuid4())).open("wb") as file:
        while chunk := request.stream.read(256 * 1024):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return "stored", 201
