"""Every error as RFC 9457's `application/problem+json`."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import NoResultFound
from starlette.exceptions import HTTPException as StarletteHTTPException

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("peer.errors")


class Problem(HTTPException):
    """An error with a stable code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


def install(app: FastAPI) -> None:
    """Answer for whatever goes wrong."""

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> Response:
        code = getattr(error, "code", HTTPStatus(error.status_code).name.lower())
        return _answer(request, error.status_code, code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"field": ".".join(map(str, each["loc"][1:])), "message": each["msg"]}
            for each in error.errors()
        ]
        return _answer(request, 422, "invalid_input", "The input is not valid.", errors=errors)

    @app.exception_handler(NoResultFound)
    async def missing(request: Request, _: NoResultFound) -> Response:
        return _answer(request, 404, "not_found", "There is no such thing here.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("internal_error", exc_info=error)
        return _answer(request, 500, "internal_error", "Something went wrong on our side.")


def _answer(request: Request, status: int, code: str, detail: str, **more: Any) -> Response:
    body = {
        "type": f"urn:coffer:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "requestId": request.state.request_id,
    }
    return Response(json.dumps(body | more), status, media_type="application/problem+json")
