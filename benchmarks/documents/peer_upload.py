"""An upload in FastAPI as its documentation shows it: UploadFile, hashed and written to a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI, UploadFile

FOLDER = Path(os.environ["UPLOADS"])

app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/upload", status_code=201)
def upload(file: UploadFile):
    digest = hashlib.sha256()
    with (FOLDER / str(uuid4())).open("wb") as stored:
        while chunk := file.file.read(256 * 1024):
            digest.update(chunk)
            stored.write(chunk)
        stored.flush()
        os.fsync(stored.fileno())
    return {"sha256": digest.hexdigest()}
