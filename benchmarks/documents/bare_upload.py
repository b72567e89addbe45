"""The simplest possible uploads: the raw body in a file, without its SHA-256 and with it."""

from __future__ import annotations

import hashlib
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


@app.post("/hashed")
def hashed() -> tuple[str, int]:
    digest = hashlib.sha256()
    with (FOLDER / str(uuid4())).open("wb") as file:
        while chunk := request.stream.read(256 * 1024):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), 201
