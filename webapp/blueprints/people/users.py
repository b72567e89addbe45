"""Users over HTTP, for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.people.sessions import Ended
from webapp.schemas.people.users import User, UserArguments, UserPage
from webapp.signing_in.notices import tell_giver
from webapp.signing_in.reauthentication import require_recent_log_in

if TYPE_CHECKING:
    from flask import Response

users = Blueprint(
    "users", __name__, url_prefix="/api/admin/users", description="Users, for admins."
)


@users.get("")
@permit("admin:users:read")
@users.arguments(UserArguments, location="query")
@users.response(200, UserPage)
def list_all(arguments: dict[str, Any]) -> Response:
    """List users, newest first"""
    return list_page(arguments, UUID, queries.users.list_all)


@users.get("/<uuid:user_id>")
@permit("admin:users:read")
@users.response(200, User)
def get(user_id: UUID) -> Response:
    """Show a user"""
    with connection() as conn:
        return answer(queries.users.get(conn, id=user_id))


@users.post("/<uuid:user_id>/disable")
@permit("admin:users:manage")
@idempotent
@users.response(200, User)
def disable(user_id: UUID) -> Response:
    """Disable a user

    Their sessions end and their keys are refused from the next request on. What they created stays.
    """
    _spare_oneself(user_id)
    with transaction() as conn:
        if queries.users.set_disabled(conn, id=user_id, is_disabled=True):
            queries.sessions.end_all(conn, user_id=user_id, but=None, reason="user_disabled")
            audit.record(conn, "user.disabled", user_id=user_id)
        return answer(queries.users.get(conn, id=user_id))


@users.post("/<uuid:user_id>/enable")
@permit("admin:users:manage")
@idempotent
@users.response(200, User)
def enable(user_id: UUID) -> Response:
    """Enable a user again"""
    with transaction() as conn:
        if queries.users.set_disabled(conn, id=user_id, is_disabled=False):
            audit.record(conn, "user.enabled", user_id=user_id)
        return answer(queries.users.get(conn, id=user_id))


@users.post("/<uuid:user_id>/promote")
@permit("admin:users:manage")
@idempotent
@users.response(200, User)
def promote(user_id: UUID) -> Response:
    """Make a user an admin

    This takes a log-in within the last ten minutes, and the caller is told of it by mail.
    """
    require_recent_log_in("Making somebody an admin takes a recent log-in")
    return _set_admin(user_id, is_admin=True)


@users.post("/<uuid:user_id>/demote")
@permit("admin:users:manage")
@idempotent
@users.response(200, User)
def demote(user_id: UUID) -> Response:
    """Make an admin an ordinary user"""
    _spare_oneself(user_id)
    return _set_admin(user_id, is_admin=False)


@users.post("/<uuid:user_id>/sign-out")
@permit("admin:users:manage")
@idempotent
@users.response(200, Ended)
def sign_out(user_id: UUID) -> Response:
    """End all sessions of a user"""
    with transaction() as conn:
        queries.users.get(conn, id=user_id)
        ended = queries.sessions.end_all(conn, user_id=user_id, but=None, reason="ended_by_admin")
        audit.record(conn, "session.all_ended_by_admin", user_id=user_id, ended=ended)
    return answer({"ended": ended})


def _set_admin(user_id: UUID, *, is_admin: bool) -> Response:
    with transaction() as conn:
        changed = queries.users.set_admin(conn, id=user_id, is_admin=is_admin)
        user = queries.users.get(conn, id=user_id)
        if changed:
            audit.record(conn, "user.promoted" if is_admin else "user.demoted", user_id=user_id)
        if changed and is_admin:
            tell_giver(conn, "admin", to=user["name"] or user["handle"])
        return answer(user)


def _spare_oneself(user_id: UUID) -> None:
    if user_id == caller().user_id:
        raise Problem(
            409, "own_account", "You cannot do this to your own account; ask another admin."
        )
