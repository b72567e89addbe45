"""Permissions of callers.

Every route declares one permission, or PUBLIC, with `permit`; a test fails for one that does not.
The table `role_permissions` says what each role may do; `webapp/access/callers.py` finds the
caller.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from flask import g

from webapp.access import callers, denials, limits
from webapp.http import db
from webapp.http.errors import Problem, not_found
from webapp.routes.blueprint import refuse_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.access.limits import Limit

PUBLIC: Final = "public"


def permit(
    permission: str, *, limit: Limit | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let callers with this permission through: 401 for nobody, 403 for the others, 404 if the
    workspace they name is not theirs. `limit` is for public routes: uses by one client."""

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        inner = refuse_query(view)

        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if permission != PUBLIC:
                _let_in(permission)
            elif limit is not None:
                with db.connection() as conn:
                    limits.charge(conn, *limits.of_client(limit))
            return inner(*args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # read by tests and OpenAPI
        checked.is_limited = permission != PUBLIC or limit is not None  # type: ignore[attr-defined]
        return checked

    return declare


def _let_in(permission: str) -> None:
    found = callers.find(permission)
    limits.count_request(found.user_id, writes=not callers.is_reading())
    if found.caller is None:
        raise not_found()
    g.caller = found.caller
    if not found.is_permitted:
        denials.record(permission)
        raise Problem(403, "forbidden", f"This requires the permission {permission}.")
