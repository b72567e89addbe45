"""What services that make pictures report over HTTP."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Final

import orjson
import structlog
from flask import Response, request

from sql import queries
from webapp.access.limits import Limit
from webapp.clients.webhooks.signature import signature
from webapp.http import request_body
from webapp.http.db import transaction
from webapp.http.errors import Problem, not_found
from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit

if TYPE_CHECKING:
    from uuid import UUID

log = structlog.get_logger("webapp.tokens")

# For one client; a service sends two reports for each picture.
_REPORTS: Final = Limit("replicate_webhooks", 6000, 60)
# Seconds that a report may be old: whoever overheard one cannot use it later.
_FRESH: Final = 300

image_generation_jobs = Blueprint(
    "image_generation_jobs",
    __name__,
    url_prefix="/webhooks",
    description="Reports of services that make pictures.",
)


@image_generation_jobs.post("/replicate/<uuid:image_job_id>")
@permit(PUBLIC, limit=_REPORTS)
@image_generation_jobs.response(204)
@image_generation_jobs.alt_response(401, description="It is not signed by Replicate.")
@image_generation_jobs.alt_response(409, description="The prediction is another attempt's.")
def report(image_job_id: UUID) -> Response:
    """Hear from Replicate about a picture

    Signed as the Standard Webhooks specification says, with REPLICATE_WEBHOOK_SECRET. A report is
    only taken as a hint that there may be something to fetch, and that the attempt in its address
    has this name there.
    """
    secret = settings().replicate_webhook_secret
    if not secret:
        raise not_found()
    body = request_body.read()
    if not _is_signed(secret, body):
        raise Problem(401, "invalid_signature", "The report is not signed by Replicate.")
    name, seed = _prediction_in(body)
    if name is None:
        raise Problem(400, "invalid_payload", "The report does not name a prediction.")
    with transaction(actor="replicate") as conn:
        job = queries.image_generation_jobs.find(conn, id=image_job_id, service="replicate")
        if job is None:
            raise not_found()
        # A signature does not cover the address: it may be the report of another attempt.
        if seed not in (None, job["seed"]):
            raise of_another()
        if job["external_id"] is None:
            queries.image_generation_jobs.name(conn, id=image_job_id, external_id=name)
        elif job["external_id"] != name:
            log.warning("paid_twice", image_job_id=str(image_job_id), prediction=name)
        queries.image_generation_jobs.wake(conn, token_id=job["token_id"])
    return Response(status=204)


def _is_signed(secret: str, body: bytes) -> bool:
    headers = request.headers
    try:
        timestamp = int(headers.get("webhook-timestamp", ""))
    except ValueError:
        return False
    # In whole numbers: the header's may be larger than any float.
    if abs(int(time.time()) - timestamp) > _FRESH:
        return False
    wanted = signature(secret, headers.get("webhook-id", ""), timestamp, body).encode()
    given = headers.get("webhook-signature", "").encode("latin-1", "replace").split()
    return any(hmac.compare_digest(wanted, each) for each in given[:10])


def of_another() -> Problem:
    """What is answered to a report at the address of another attempt."""
    return Problem(409, "prediction_of_another", "The prediction belongs to another attempt.")


def _prediction_in(body: bytes) -> tuple[str | None, int | None]:
    """What a report calls the attempt, and the seed that it was asked for with, if it says so."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, None
    said = said if isinstance(said, dict) else {}
    name, asked = said.get("id"), said.get("input")
    is_name = isinstance(name, str) and 0 < len(name) <= 100 and name.isascii() and name.isalnum()
    seed = asked.get("seed") if isinstance(asked, dict) else None
    return name if is_name else None, seed if isinstance(seed, int) else None
