"""Generates an accurate description of the API.

flask-smorest turns the decorators of a route into OpenAPI. What follows from general rules (the
errors a route may return, its headers, who may call it) is added here by those same rules, not
written again for each route.
"""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask_smorest
import orjson

from webapp.access import callers
from webapp.http import errors, request_id
from webapp.http.installed import Installed, settings
from webapp.routes import etags, idempotency, permit
from webapp.schemas.common import ProblemAnswer
from webapp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flask import Flask

    Document = dict[str, Any]

_DESCRIPTION: Final = """\
Stores what people put into it and processes it in the background.

Every error is `application/problem+json` with a stable `code`. Every response carries
`X-Request-Id`, which is also on each event that the request caused. Lists are read page by page:
send `next_cursor` as `cursor` until it is null. A POST with an `Idempotency-Key` may be sent again
within 24 hours and gives the same answer.
"""

_LICENSE: Final = {"name": "MIT", "identifier": "MIT"}

_SECURITY: Final = {
    "access_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of a log-in. An API key is accepted here too.",
    },
    "api_key": {"type": "apiKey", "in": "header", "name": callers.KEY_HEADER},
    "development": {
        "type": "apiKey",
        "in": "header",
        "name": callers.DEVELOPMENT_HEADER,
        "description": "Any handle; signs in as that user, who is created on first use.",
    },
}

_WORKSPACE: Final = {
    "in": "header",
    "name": callers.WORKSPACE_HEADER,
    "description": "The workspace of the request; by default the caller's personal one.",
    "schema": {"type": "string", "format": "uuid"},
}

_IF_MATCH: Final = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag that was read; 412 if it has changed since.",
    "schema": {"type": "string"},
}


class Api(flask_smorest.Api):
    """flask-smorest without its own error handling; errors.py has it."""

    def _register_error_handlers(self) -> None:
        pass

    @cached_property
    def document(self) -> bytes:
        """The OpenAPI document as JSON, for the blueprints that are registered when it is first
        requested."""
        return _document(self._app, self.spec.to_dict())


api: Final[Installed[Api]] = Installed("api")


def install(app: Flask) -> None:
    """Give the app its API, to register blueprints with."""
    app.config |= {"API_TITLE": "Coffer", "API_VERSION": VERSION, "OPENAPI_VERSION": "3.1.0"}
    # Relative: a client that has read the description reaches the API the same way.
    more = {"info": {"description": _DESCRIPTION, "license": _LICENSE}, "servers": [{"url": "/"}]}
    made = api.install(app, Api(app, spec_kwargs=more))
    made.spec.components.schema("Problem", schema=ProblemAnswer)


def _document(app: Flask, spec: Document) -> bytes:
    views = {
        (rule.rule, method.lower()): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    components = spec["components"]
    components["securitySchemes"] = {
        name: scheme
        for name, scheme in _SECURITY.items()
        if name != "development" or settings.of(app).in_development
    }
    schemes = list(components["securitySchemes"])
    by_path = {_as_openapi(rule): rule for rule, _ in views}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                view = views[by_path[path], method]
                operation["operationId"] = f"{view.__module__.rpartition('.')[2]}.{view.__name__}"
                _complete(method, path, operation, view, schemes)
    # flask-smorest's own forms of errors and pages, which ours replace.
    components["schemas"] = {
        name: schema
        for name, schema in components["schemas"].items()
        if name not in ("Error", "PaginationMetadata")
    }
    components.pop("responses", None)
    return orjson.dumps(_as_json_schema(spec))


def _complete(
    method: str, path: str, operation: Document, view: Any, schemes: Iterable[str]
) -> None:
    """Add what the general rules say about an operation."""
    responses = operation["responses"]
    responses.pop("default", None)
    responses.pop("422", None)
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        _be_no_null(parameter["schema"])
    for status in _possible_errors(method, path, operation, view):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {errors.MIMETYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    content = responses.get("200", {}).get("content", {})
    if method == "get" and not content.keys().isdisjoint(etags.TAGGED):
        responses["304"] = {"description": "Unchanged since the given ETag."}
    for response in responses.values():
        response.setdefault("headers", {})[request_id.HEADER] = {"schema": {"type": "string"}}
    operation["responses"] = dict(sorted(responses.items()))
    if getattr(view, "is_idempotent", False):
        parameters.append(
            {
                "in": "header",
                "name": idempotency.HEADER,
                "description": "Makes it safe to send the request again within 24 hours.",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
            }
        )
    if getattr(view, "takes_if_match", False):
        parameters.append(_IF_MATCH)
    if view.permission == permit.PUBLIC:
        operation["security"] = []
    else:
        operation["security"] = [{name: []} for name in schemes]
        if "{workspace_id}" not in path:
            parameters.append(_WORKSPACE)
        said = f"Requires the permission `{view.permission}`."
        operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()


def _possible_errors(method: str, path: str, operation: Document, view: Any) -> Iterator[int]:
    has_path_parameters = "{" in path
    has_body = "requestBody" in operation
    has_query = any(parameter["in"] == "query" for parameter in operation["parameters"])
    idempotent = getattr(view, "is_idempotent", False)
    if view.is_limited:
        yield from (401, 403, 429)
        # A route that only depends on the database may find it down.
        yield 503
    if view.permission != permit.PUBLIC:
        # The workspace that a request names may not exist, or be another's.
        yield from (404, 422)
    if has_body or has_query or idempotent:
        yield from (400, 422)
    if has_query:
        yield 414
    if has_path_parameters:
        yield 404
    if has_body:
        yield from (413, 415)
    if getattr(view, "takes_if_match", False):
        yield 412
    if method != "get" and (has_body or has_path_parameters):
        yield 409
    yield 500


def _be_no_null(schema: Document) -> None:
    """Addresses and headers cannot be null: how marshmallow represents an omitted parameter does
    not concern clients."""
    if isinstance(schema.get("type"), list):
        (schema["type"],) = (each for each in schema["type"] if each != "null")


def _as_json_schema(value: Any) -> Any:
    """A part of the document as valid JSON Schema.

    JSON Schema matches patterns anywhere in a string, and marks the end differently. A default of
    null is internal, and often on a field that does not accept null: omitting the field means
    leaving it unchanged, or none.
    """
    if isinstance(value, list):
        return [_as_json_schema(each) for each in value]
    if isinstance(value, dict):
        return {
            name: f"^{each[:-2]}$"
            if name == "pattern" and str(each).endswith(r"\Z")
            else _as_json_schema(each)
            for name, each in value.items()
            if not (name == "default" and each is None)
        }
    return value


def _as_openapi(rule: str) -> str:
    """Flask's `/items/<uuid:item_id>` as OpenAPI's `/items/{item_id}`."""
    return "/".join(
        "{" + part[1:-1].rpartition(":")[2] + "}" if part.startswith("<") else part
        for part in rule.split("/")
    )
