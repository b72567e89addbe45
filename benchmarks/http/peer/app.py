"""The application."""

from __future__ import annotations

import logging
import sys

from fastapi import FastAPI

from benchmarks.http.peer import errors, items, tasks
from benchmarks.http.peer.requests import Requests

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")

_NO_TELEMETRY = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}

app = FastAPI(telemetry=_NO_TELEMETRY)
app.add_middleware(Requests)
errors.install(app)
app.include_router(items.router)
app.include_router(tasks.router)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
