"""Strict reading of requests: blueprints whose arguments are fully checked."""

from __future__ import annotations

from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

import flask_smorest
import orjson
from flask import request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from webapp.http import request_body
from webapp.http.errors import Problem, invalid_fields, invalid_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Request

    View = Callable[..., Any]

# None of our inputs has so many; each unknown one would be named in the response.
_MOST_MEMBERS: Final = 100


class Parser(FlaskParser):
    """Reads JSON and query strings, and refuses what the database cannot store.

    A schema that says `may_be_missing` is of a body that a client may leave out.
    """

    def load_json(self, req: Request, schema: Any) -> Any:
        if not req.mimetype and getattr(schema, "may_be_missing", False):
            return {}
        if req.mimetype != "application/json":
            raise Problem(415, "unsupported_media_type", "Send the body as application/json.")
        try:
            body = orjson.loads(request_body.read())
        except orjson.JSONDecodeError as error:
            raise Problem(400, "invalid_json", f"The body is not valid JSON: {error}.") from None
        if isinstance(body, dict) and len(body) > _MOST_MEMBERS:
            raise invalid_input(("body", f"Has more than {_MOST_MEMBERS} members."))
        _refuse_nul(body)
        return body

    def load_querystring(self, req: Request, schema: Any) -> Any:
        twice = [name for name, values in req.args.lists() if len(values) > 1]
        if twice:
            raise invalid_input(*((name, "Is given twice.") for name in twice[:_MOST_MEMBERS]))
        _refuse_nul(req.args.to_dict())
        return super().load_querystring(req, schema)


class Blueprint(flask_smorest.Blueprint):
    """A blueprint that reads arguments with our parser."""

    # Unknown names are refused in the query too: ignoring a misspelt `cursor` would return the
    # first page forever.
    ARGUMENTS_PARSER = Parser(unknown=RAISE)

    def arguments(self, schema: type[Schema], **more: Any) -> Any:
        """Read the arguments of a route with a schema, which is created once: creating it copies
        each of its fields, and takes longer than reading."""
        read = super().arguments(schema(), **more)
        if more.get("location") != "query":
            return read

        def declare(view: View) -> View:
            found: View = read(view)
            found.takes_query = True  # type: ignore[attr-defined]  # read by refuse_query
            return found

        return declare


def refuse_query(view: View) -> View:
    """Refuse every query parameter, unless the view declares some: its schema refuses the others.
    Raises Problem 422."""
    if hasattr(view, "takes_query"):
        return view

    @wraps(view)
    def without_query(*args: Any, **kwargs: Any) -> Any:
        if request.args:
            unknown = islice(request.args, _MOST_MEMBERS)
            raise invalid_input(
                *((name.replace("\0", "\ufffd"), "Unknown field.") for name in unknown)
            )
        return view(*args, **kwargs)

    return without_query


def loaded(schema: type[Schema], given: dict[str, str]) -> dict[str, Any]:
    """The fields of a form by a schema, as `arguments` reads JSON. Raises Problem 422."""
    try:
        found: dict[str, Any] = schema(unknown=RAISE).load(given)
    except ValidationError as error:
        raise invalid_fields(cast("Mapping[str, Any]", error.messages)) from None
    return found


def _refuse_nul(value: Any) -> None:
    """PostgreSQL's text cannot contain NUL, so no input string may."""
    found = [(path or "body", "Must not contain NUL.") for path in _paths_of_nul(value)]
    if found:
        raise invalid_input(*found)


def _paths_of_nul(body: Any) -> Iterator[str]:
    """The paths of NULs. Without recursion: JSON may be nested deeper than Python's stack
    allows."""
    waiting = [("", body)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                yield path
        elif isinstance(value, list):
            waiting += [(f"{path}.{i}".lstrip("."), inner) for i, inner in enumerate(value)]
        elif isinstance(value, dict):
            for key, inner in value.items():
                waiting += [(path, key), (f"{path}.{key}".lstrip("."), inner)]
