"""Every error of the API in one form: RFC 9457 `application/problem+json`.

Handlers catch nothing. They raise Problem, or let the database refuse; here a refusal becomes a
response with a stable `code`. Our own bugs are logged in full and reported as a 500 that does not
reveal the cause.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import psycopg
import structlog
from flask import Response
from werkzeug.exceptions import HTTPException

from sql import NoRow
from webapp.http import outages, problem_form, request_id
from webapp.telemetry import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flask import Flask

    from webapp.http.outages import Outage

MIMETYPE: Final = problem_form.MIMETYPE

log = structlog.get_logger("webapp.http.errors")

# The codes and details of errors that Flask and its libraries raise.
_HTTP_CODES: Final = {
    404: ("not_found", "There is nothing at this address."),
    405: (
        "method_not_allowed",
        "This address does not support that method; see Allow.",
    ),
    413: ("body_too_large", "The request body is larger than this server accepts."),
    415: ("unsupported_media_type", "Send the body as application/json."),
}

# An action refused by the state machine that does not get the usual 409: retrying something that
# has not failed.
_REFUSED_ACTIONS: Final = {"retry": (400, "invalid_state")}

_MOST_ERRORS: Final = 50


class Problem(Exception):
    """An error to be told to the client.

    `errors` lists mistakes in the input as (field, message); `extra` adds members to the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = extra

    def response(self) -> Response:
        return Response(
            problem_form.as_json(
                self.status,
                self.code,
                self.detail,
                request_id.current(),
                self.errors,
                **self.extra,
            ),
            status=self.status,
            mimetype=MIMETYPE,
            headers=self.headers,
        )


def invalid_fields(messages: Mapping[str, Any]) -> Problem:
    """The same of what marshmallow says of each field."""
    return invalid_input(*_below("", dict(messages)))


def invalid_input(*errors: tuple[str, str]) -> Problem:
    """Input that is well formed but wrong; each error is (field, message). Only the first ones are
    reported: a response must not be many times as long as the request."""
    told = [(field[:100], said[:300]) for field, said in errors[:_MOST_ERRORS]]
    fields = ", ".join(sorted({field for field, _ in told}))
    more = "" if len(told) == len(errors) else f", and {len(errors) - len(told)} more"
    return Problem(422, "invalid_input", f"The input is not valid: {fields}{more}.", errors=told)


def not_found() -> Problem:
    """The requested thing does not exist, or is not the caller's, which must look the same."""
    return Problem(404, "not_found", "It does not exist, or you have no access to it.")


# The response when the database refuses something, by the constraint's name.
Refusals: TypeAlias = "Mapping[str, Problem | Callable[[dict[str, Any]], Problem]]"


def install(app: Flask, refusals: Refusals) -> None:
    """Use `answer` for every exception. A refusal is a problem, or a function that makes one from
    the facts that the database gives as JSON in the error's detail."""
    app.register_error_handler(Exception, partial(answer, refusals))


def answer(refusals: Refusals, error: Exception) -> Response:
    """The response for any exception that a request ended in."""
    match error:
        case Problem():
            return error.response()
        case HTTPException():
            return _from_http(error).response()
        case NoRow():
            return not_found().response()
        case psycopg.IntegrityError() if error.diag.constraint_name == "transitions":
            return _from_refused_transition(error).response()
        case psycopg.IntegrityError() if refusal := refusals.get(error.diag.constraint_name or ""):
            problem = refusal if isinstance(refusal, Problem) else refusal(_facts(error))
            return problem.response()
        case psycopg.Error() if outage := outages.of(error):
            return _from_outage(outage, error).response()
        case _:
            log.error("internal_error", **logs.about(error))
            return Problem(
                500,
                "internal_error",
                "Something went wrong on our side; the request id helps to find the cause.",
            ).response()


def _from_outage(outage: Outage, error: psycopg.Error) -> Problem:
    # Two requests wanting the same thing is nobody's fault.
    tell = log.warning if outage.code == "collided" else log.error
    tell(outage.code, error=error.diag.message_primary or str(error).strip())
    return Problem(503, outage.code, outage.detail, headers={"Retry-After": str(outage.seconds)})


def _from_http(error: HTTPException) -> Problem:
    status = error.code or 500
    if status == 422:
        return invalid_input(*_flat(getattr(error, "data", {}).get("messages", {})))
    standard = HTTPStatus(status).phrase.lower().replace(" ", "_")
    code, detail = _HTTP_CODES.get(status, (standard, error.description or ""))
    # A 405 without Allow violates RFC 9110; werkzeug would put it on its own HTML page.
    kept = ("Allow", "Retry-After", "WWW-Authenticate")
    headers = {name: value for name, value in error.get_headers() if name in kept}
    if status == 413:
        # The rest of the body is not read, so the connection cannot be reused.
        headers["Connection"] = "close"
    return Problem(status, code, detail, headers=headers)


def _flat(messages: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """marshmallow's nested messages by location as (dotted field, message)."""
    for by_field in messages.values():
        yield from _below("", by_field)


def _below(path: str, said: Any) -> Iterator[tuple[str, str]]:
    if isinstance(said, dict):
        for key, value in said.items():
            inner = path if key in ("_schema", "key", "value") else f"{path}.{key}".lstrip(".")
            yield from _below(inner, value)
    elif isinstance(said, list):
        for message in said:
            yield from _below(path, message)
    else:
        yield path or "body", str(said)


def _facts(error: psycopg.Error) -> dict[str, Any]:
    facts: dict[str, Any] = orjson.loads(error.diag.message_detail or "{}")
    return facts


def _from_refused_transition(error: psycopg.IntegrityError) -> Problem:
    """The facts are the trigger's own; see `refuse_transition` in the migrations."""
    facts = _facts(error)
    status, code = _REFUSED_ACTIONS.get(str(facts.get("action")), (409, "invalid_state_transition"))
    action, allowed = facts.get("action"), ", ".join(facts["allowed_actions"])
    refused = f'"{action}"' if action else f"becoming {facts.get('to_status')}"
    possible = f"Possible now: {allowed}." if allowed else "Nothing is possible any more."
    return Problem(
        status,
        code,
        f"The {facts['entity']} is {facts['status']}, so {refused} is not possible. {possible}",
        current_status=facts["status"],
        allowed_actions=facts["allowed_actions"],
    )
