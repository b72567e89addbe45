"""Who is calling, and what they may do.

Every route declares one permission, or PUBLIC, with `permit`; a test fails for one that does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID  # noqa: TC003  # a dataclass field

from flask import current_app, g, request

from sql import queries
from webapp import db
from webapp.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLIC: Final = "public"

# What the owner of a workspace may do in it. Until workspaces have other members, every caller is
# the owner of their own.
OWNER_PERMISSIONS: Final = frozenset({"workspace:items:read", "workspace:items:write"})

DEVELOPMENT_HEADER: Final = "X-Dev-User-Id"
_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request and the workspace it is about."""

    user_id: UUID
    workspace_id: UUID
    permissions: frozenset[str]


def permit(permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let callers with this permission through: 401 for nobody, 403 for the others (A6)."""
    if permission != PUBLIC and permission not in OWNER_PERMISSIONS:
        raise ValueError(f"there is no permission {permission}")

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if permission != PUBLIC:
                g.caller = _identify()
                if permission not in g.caller.permissions:
                    raise Problem(403, "forbidden", f"This takes the permission {permission}.")
            return view(*args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # read by tests and OpenAPI
        return checked

    return declare


def caller() -> Caller:
    """Whoever `permit` let through."""
    found: Caller = g.caller
    return found


def _identify() -> Caller:
    handle = request.headers.get(DEVELOPMENT_HEADER)
    if handle is None:
        raise _unauthenticated("Sign in first.")
    if not current_app.config["SETTINGS"].in_development:
        raise _unauthenticated(f"{DEVELOPMENT_HEADER} signs in only in development.")
    if not _HANDLE.fullmatch(handle):
        raise _unauthenticated(
            f"{DEVELOPMENT_HEADER} takes a handle of 1 to 64 characters: a-z, 0-9, '.', '_', '-'."
        )
    with db.connection() as conn:
        user = queries.users.find_by_handle(conn, handle=handle)
        if user is None:
            queries.users.create(conn, handle=handle)
            user = queries.users.find_by_handle(conn, handle=handle)
    return Caller(user["id"], user["workspace_id"], OWNER_PERMISSIONS)


def _unauthenticated(detail: str) -> Problem:
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})
