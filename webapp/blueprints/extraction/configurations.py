"""Configurations over HTTP: versions of what is extracted from a type of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.extraction.configuration_bodies import check_patterns
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.identity.ids import new_id
from webapp.routes import etags
from webapp.routes.blueprint import Blueprint
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.extraction.configurations import (
    Configuration,
    ConfigurationArguments,
    ConfigurationChange,
    ConfigurationPage,
    NewConfiguration,
)
from webapp.schemas.library.events import EventPage

if TYPE_CHECKING:
    from sql.connection import Connection

configurations = Blueprint(
    "configurations",
    __name__,
    url_prefix="/api/configurations",
    description="What is extracted from documents, by their type.",
)


@configurations.post("")
@permit("workspace:configurations:write")
@idempotent
@configurations.arguments(NewConfiguration)
@configurations.response(201, Configuration)
def create(new: dict[str, Any]) -> Response:
    """Make a configuration

    It is a draft, with the next version of its type. Jobs run by it when it is active.
    """
    check_patterns(new["body"])
    with transaction() as conn:
        return created(conn, **new)


@configurations.get("")
@permit("workspace:configurations:read")
@configurations.arguments(ConfigurationArguments, location="query")
@configurations.response(200, ConfigurationPage)
def list_all(arguments: dict[str, Any]) -> Response:
    """List configurations, newest first"""
    ask = queries.configurations.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@configurations.get("/active/<path:active_type>")
@permit("workspace:configurations:read")
@configurations.response(200, Configuration)
def get_active(active_type: str) -> Response:
    """Show the active configuration for a type of documents

    404 `no_active_configuration` if there is none.
    """
    with connection() as conn:
        row = queries.configurations.active(
            conn,
            workspace_id=caller().workspace_id,
            document_type=active_type.replace("\0", "\ufffd"),
        )
    if row is None:
        raise Problem(
            404,
            "no_active_configuration",
            "No configuration for this type of documents is active.",
        )
    return answer(row)


@configurations.get("/<uuid:configuration_id>")
@permit("workspace:configurations:read")
@configurations.response(200, Configuration)
def get(configuration_id: UUID) -> Response:
    """Show a configuration"""
    with connection() as conn:
        return answer(_configuration(conn, configuration_id))


@configurations.get("/<uuid:configuration_id>/events")
@permit("workspace:configurations:read")
@configurations.arguments(PageArguments, location="query")
@configurations.response(200, EventPage)
def list_events(arguments: dict[str, Any], configuration_id: UUID) -> Response:
    """Show a configuration's timeline, oldest first"""
    with connection() as conn:
        _configuration(conn, configuration_id)
    return timeline("configuration", configuration_id, arguments)


@configurations.patch("/<uuid:configuration_id>")
@permit("workspace:configurations:write")
@takes_if_match
@configurations.arguments(ConfigurationChange)
@configurations.response(200, Configuration)
def change(change: dict[str, Any], configuration_id: UUID) -> Response:
    """Change a configuration

    Its body only while it has never been active and no job has run by it: 409
    `configuration_in_use`. Make a new version instead.
    """
    if "body" in change:
        check_patterns(change["body"])
    with transaction() as conn:
        before = _hold(conn, configuration_id)
        after = {name: before[name] for name in ("title", "body")} | change
        after["body"] = as_json(after["body"]).decode()
        queries.configurations.change(conn, **_mine(configuration_id), **after)
        return answer(_configuration(conn, configuration_id))


@configurations.delete("/<uuid:configuration_id>")
@permit("workspace:configurations:write")
@takes_if_match
@configurations.response(204)
def remove(configuration_id: UUID) -> Response:
    """Remove a draft

    One that has been active, or by which a job has run, stays: 409 `configuration_in_use`.
    """
    with transaction() as conn:
        if _hold(conn, configuration_id)["activated_at"] is not None:
            raise is_used()
        queries.configurations.remove(conn, **_mine(configuration_id))
    return Response(status=204)


@configurations.post("/<uuid:configuration_id>/activate")
@permit("workspace:configurations:write")
@idempotent
@takes_if_match
@configurations.response(200, Configuration)
@configurations.alt_response(409, description="The status does not allow it.")
def activate(configuration_id: UUID) -> Response:
    """Make a configuration the active one of its type

    The one that was active is retired.
    """
    with transaction() as conn:
        queries.configurations.hold_type(conn, **_mine(configuration_id))
        _hold(conn, configuration_id)
        queries.configurations.activate(conn, **_mine(configuration_id))
        return answer(_configuration(conn, configuration_id))


@configurations.post("/<uuid:configuration_id>/retire")
@permit("workspace:configurations:write")
@idempotent
@takes_if_match
@configurations.response(200, Configuration)
@configurations.alt_response(409, description="The status does not allow it.")
def retire(configuration_id: UUID) -> Response:
    """Retire the active configuration of a type, so that none is active"""
    with transaction() as conn:
        queries.configurations.hold_type(conn, **_mine(configuration_id))
        _hold(conn, configuration_id)
        queries.configurations.retire(conn, **_mine(configuration_id))
        return answer(_configuration(conn, configuration_id))


def created(
    conn: Connection, document_type: str, title: str | None, body: dict[str, Any]
) -> Response:
    """A new draft, as a response."""
    configuration_id = queries.configurations.create(
        conn,
        **_mine(new_id()),
        document_type=document_type,
        title=title,
        body=as_json(body).decode(),
        created_by=caller().user_id,
    )
    row = _configuration(conn, configuration_id)
    return answer(row, 201, location=f"/api/configurations/{configuration_id}")


def is_used() -> Problem:
    """A configuration cannot be changed any more."""
    return Problem(
        409,
        "configuration_in_use",
        "The configuration has been active, or jobs have run by it, so it stays as it is: make a"
        " new version.",
    )


def _hold(conn: Connection, configuration_id: UUID) -> dict[str, Any]:
    """Locks a configuration, which is as the client has seen it. Raises Problem 412."""
    found: dict[str, Any] = queries.configurations.hold(conn, **_mine(configuration_id))
    etags.check(lambda: _configuration(conn, configuration_id))
    return found


def _configuration(conn: Connection, configuration_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.configurations.get(conn, **_mine(configuration_id))
    return found


def _mine(configuration_id: UUID) -> dict[str, UUID]:
    return {"id": configuration_id, "workspace_id": caller().workspace_id}
