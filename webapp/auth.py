"""Who is calling, and what they may do.

Every route declares one permission, or PUBLIC, with `permit`; a test fails for one that does not.
What each role may do is in the table `role_permissions`. One statement answers both questions, so
that a session that ended, a key that was revoked, a user who was disabled and a role that changed
are noticed by the next request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from flask import Response, current_app, g, request

from sql import queries
from webapp import audit, client_address, db, limits
from webapp.errors import Problem, invalid_input, not_found
from webapp.identity.access_tokens import InvalidAccessToken
from webapp.identity.api_keys import BEGINNING
from webapp.identity.keyring import digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webapp.limits import Limit

PUBLIC: Final = "public"

KEY_HEADER: Final = "X-API-Key"
WORKSPACE_HEADER: Final = "X-Workspace-Id"
DEVELOPMENT_HEADER: Final = "X-Dev-User-Id"

_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST_KEY: Final = 200

log = structlog.get_logger("webapp.auth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The user of a request, the workspace it is about, and the session or key they came with."""

    user_id: UUID
    workspace_id: UUID
    session_id: UUID | None = None
    signed_in_at: datetime | None = None
    api_key_id: UUID | None = None

    @property
    def actor(self) -> str:
        """The caller as history names them."""
        return f"user:{self.user_id}"


def permit(
    permission: str, *, limit: Limit | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let callers with this permission through: 401 for nobody, 403 for the others, 404 where the
    workspace they name is not theirs (A6). `limit` is for what is public: uses from one address.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if permission != PUBLIC:
                _let_in(permission)
            elif limit is not None:
                with db.connection() as conn:
                    limits.charge(conn, (limit, limit.key(client_address.network())))
            return view(*args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # read by tests and OpenAPI
        checked.is_limited = permission != PUBLIC or limit is not None  # type: ignore[attr-defined]
        return checked

    return declare


def caller() -> Caller:
    """Whoever `permit` let through."""
    found: Caller = g.caller
    return found


def _let_in(permission: str) -> None:
    row = _identify(permission)
    is_permitted = row.pop("is_permitted")
    limits.count_request(row["user_id"], writes=request.method not in ("GET", "HEAD"))
    if row["workspace_id"] is None:
        raise not_found()
    g.caller = Caller(**row)
    if not is_permitted:
        with db.transaction() as conn:
            audit.record(
                conn,
                "permission.denied",
                workspace_id=g.caller.workspace_id,
                permission=permission,
                method=request.method,
                path=request.path[:300],
            )
        raise Problem(403, "forbidden", f"This takes the permission {permission}.")


def _identify(permission: str) -> dict[str, Any]:
    """The caller as one of the queries of `callers` gives it. Raises Problem 401."""
    asked = {"permission": permission, "workspace_id": _workspace()}
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("Authorization takes `Bearer` and an access token or an API key.")
        if token.startswith(BEGINNING):
            return _of_api_key(token, asked)
        return _of_session(token, asked)
    key = request.headers.get(KEY_HEADER)
    if key is not None:
        return _of_api_key(key, asked)
    handle = request.headers.get(DEVELOPMENT_HEADER)
    if handle is not None:
        return _of_handle(handle, asked)
    raise _unauthenticated("Sign in first.")


def _workspace() -> UUID | None:
    """The workspace that a request is about: that of its address, or the one it names."""
    in_path = (request.view_args or {}).get("workspace_id")
    if isinstance(in_path, UUID):
        return in_path
    named = request.headers.get(WORKSPACE_HEADER)
    if named is None:
        return None
    try:
        return UUID(named)
    except ValueError:
        raise invalid_input((WORKSPACE_HEADER, "Not a valid UUID.")) from None


def _of_session(token: str, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        session_id = current_app.extensions["access_tokens"].read(token)
    except InvalidAccessToken as error:
        raise _refused(f"The access token is not valid. {error}") from None
    with db.connection() as conn:
        row: dict[str, Any] | None = queries.callers.of_session(
            conn, session_id=session_id, **asked
        )
    if row is None:
        raise _unauthenticated("The session is over; log in again.", error="invalid_token")
    return row


def _of_api_key(key: str, asked: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] | None = None
    if len(key) <= _LONGEST_KEY:
        with db.connection() as conn:
            row = queries.callers.of_api_key(conn, secret_hash=digest(key), **asked)
    if row is None:
        raise _refused("The API key is unknown, revoked or has expired.")
    if row.pop("is_to_be_noted"):
        g.noted_key = row["api_key_id"]
    return row


def _of_handle(handle: str, asked: dict[str, Any]) -> dict[str, Any]:
    """P4."""
    if not current_app.config["SETTINGS"].in_development:
        raise _unauthenticated(f"{DEVELOPMENT_HEADER} signs in only in development.")
    if not _HANDLE.fullmatch(handle):
        raise _unauthenticated(
            f"{DEVELOPMENT_HEADER} takes a handle of 1 to 64 characters: a-z, 0-9, '.', '_', '-'."
        )
    with db.connection() as conn:
        row: dict[str, Any] | None = queries.callers.of_handle(conn, handle=handle, **asked)
        if row is None:
            queries.users.create_with_handle(conn, handle=handle)
            row = queries.callers.of_handle(conn, handle=handle, **asked)
    if row is None or row.pop("is_disabled"):
        raise _unauthenticated("This user is disabled.")
    return row


def note_key_use(response: Response) -> Response:
    """Once the answer is out: when and from where its key was used (A3)."""
    key_id = g.pop("noted_key", None)
    if key_id is not None:
        pool, address = db.pool(), client_address.address()

        def note() -> None:
            try:
                with pool.connection() as conn:
                    queries.api_keys.note_use(conn, id=key_id, address=address)
            except Exception as error:  # noqa: BLE001  # the answer is out; nobody waits for this
                log.warning("key_use_not_noted", error=str(error).strip())

        response.call_on_close(note)
    return response


def _refused(detail: str) -> Problem:
    """A credential that is wrong. Whoever sends a hundred of them has to wait."""
    key = limits.BAD_CREDENTIALS.key(client_address.network())
    with db.connection() as conn:
        limits.charge(conn, (limits.BAD_CREDENTIALS, key))
    return _unauthenticated(detail, error="invalid_token")


def _unauthenticated(detail: str, *, error: str | None = None) -> Problem:
    challenge = "Bearer" if error is None else f'Bearer error="{error}"'
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": challenge})
