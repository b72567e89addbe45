"""The form of every error: RFC 9457 `application/problem+json`, also where there is no app yet."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

MIMETYPE: Final = "application/problem+json"


def as_json(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    errors: Sequence[tuple[str, str]] = (),
    **extra: Any,
) -> bytes:
    """The body of a problem. `errors` lists mistakes in the input as (field, message)."""
    body: dict[str, Any] = {
        "type": f"urn:coffer:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "requestId": request_id,
    }
    if errors:
        body["errors"] = [{"field": field, "message": said} for field, said in errors]
    return orjson.dumps(body | extra)
