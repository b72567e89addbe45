"""Who is calling, in which workspace, and whether they may do what they ask.

One statement answers all of it. Requests that write ask each time, so an ended session, a revoked
key, a disabled user or a changed role takes effect with the next one. Requests that read may use an
answer that this process got within the last second (ACCESS_CHECK_SECONDS), which saves a third of
the cost of reading one row.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NoReturn
from uuid import UUID

import structlog
from flask import Response, g, request

from sql import queries
from webapp.access import limits
from webapp.access.credentials import access_tokens
from webapp.http import client_address, db
from webapp.http.errors import Problem, invalid_input
from webapp.http.installed import Installed, settings
from webapp.identity.access_tokens import ExpiredAccessToken, InvalidAccessToken
from webapp.identity.api_keys import BEGINNING
from webapp.identity.keyring import digest

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from webapp.settings import Settings

    Key = tuple[str, str, UUID | None, str]

KEY_HEADER: Final = "X-API-Key"
WORKSPACE_HEADER: Final = "X-Workspace-Id"
DEVELOPMENT_HEADER: Final = "X-Dev-User-Id"

_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST_KEY: Final = 200
_MOST_KNOWN: Final = 10_000

_known: Final[Installed[Known]] = Installed("known_callers")

log = structlog.get_logger("webapp.access.callers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The user of a request, the workspace it is about, and the session or key they came with."""

    user_id: UUID
    workspace_id: UUID
    session_id: UUID | None = None
    signed_in_at: datetime | None = None
    api_key_id: UUID | None = None
    is_service: bool = False

    @property
    def actor(self) -> str:
        """The caller as history names them."""
        return f"{'service' if self.is_service else 'user'}:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Found:
    """The caller before permissions are checked. `caller` is None if they name a workspace that is
    not theirs."""

    user_id: UUID
    caller: Caller | None
    is_permitted: bool


def install(app: Flask, settings: Settings) -> None:
    """Give the app its cache of callers, which is cleared when access is changed here."""
    known = Known(settings.access_check_seconds)
    _known.install(app, known)
    app.after_request(_note_key_use)

    @app.after_request
    def forget(response: Response) -> Response:
        if "access_changed" in g:
            known.clear()
        return response


def caller() -> Caller:
    """The caller that the route's permission let through."""
    found: Caller = g.caller
    return found


def may(permission: str) -> bool:
    """Whether the caller, and their key if they use one, has a permission besides the route's."""
    return find(permission).is_permitted


def is_reading() -> bool:
    """Whether the request changes nothing."""
    return request.method in ("GET", "HEAD")


def find(permission: str) -> Found:
    """Who makes this request, and whether they have a permission. Raises Problem 401."""
    credential, secret = _credential()
    workspace_id = _workspace()
    if credential == "handle":
        return _of_handle(secret, permission, workspace_id)
    key = (credential, secret, workspace_id, permission)
    known = _known()
    found = known.get(key) if is_reading() else None
    if found is None:
        ask = _of_session if credential == "access token" else _of_api_key
        found = ask(secret, permission, workspace_id)
        if found.is_permitted and found.caller is not None:
            known.put(key, found)
    return found


class Known:
    """Callers that were let in within the last seconds. Thread-safe."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: OrderedDict[Key, tuple[float, Found]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Found | None:
        """The caller, unless the entry is too old."""
        until, found = self._known.get(key, (0.0, None))
        return found if time.monotonic() < until else None

    def put(self, key: Key, found: Found) -> None:
        """Remember a caller who was just let in."""
        if not self._seconds:
            return
        with self._lock:
            self._known[key] = (time.monotonic() + self._seconds, found)
            self._known.move_to_end(key)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everybody."""
        with self._lock:
            self._known.clear()


def _credential() -> tuple[str, str]:
    """The request's credential: its kind and its value."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            _refuse("Authorization must be `Bearer` and an access token or an API key.")
        return ("API key" if token.startswith(BEGINNING) else "access token"), token
    key = request.headers.get(KEY_HEADER)
    if key is not None:
        return "API key", key
    handle = request.headers.get(DEVELOPMENT_HEADER)
    if handle is not None:
        return "handle", handle
    raise _unauthenticated("Sign in first.")


def _workspace() -> UUID | None:
    """The workspace of the request: the one in its address, or the one it names."""
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


def _of_session(token: str, permission: str, workspace_id: UUID | None) -> Found:
    try:
        session_id = access_tokens().read(token)
    except ExpiredAccessToken as error:
        # This is not a guess: its client should refresh it.
        said = f"The access token is not valid. {error}"
        raise _unauthenticated(said, error="invalid_token") from None
    except InvalidAccessToken as error:
        _refuse(f"The access token is not valid. {error}")
    with db.connection() as conn:
        row: dict[str, Any] | None = queries.callers.of_session(
            conn, session_id=session_id, permission=permission, workspace_id=workspace_id
        )
    if row is None:
        raise _unauthenticated("The session has ended; log in again.", error="invalid_token")
    return _found(row)


def _of_api_key(key: str, permission: str, workspace_id: UUID | None) -> Found:
    row: dict[str, Any] | None = None
    if len(key) <= _LONGEST_KEY:
        with db.connection() as conn:
            row = queries.callers.of_api_key(
                conn, secret_hash=digest(key), permission=permission, workspace_id=workspace_id
            )
    if row is None:
        _refuse("The API key is unknown, revoked or expired.")
    if row.pop("is_to_be_noted"):
        g.noted_key = row["api_key_id"]
    return _found(row)


def _of_handle(handle: str, permission: str, workspace_id: UUID | None) -> Found:
    """The user with this handle, created on first use; in development only. Raises Problem 401."""
    if not settings().in_development:
        raise _unauthenticated(f"{DEVELOPMENT_HEADER} works only in development.")
    if not _HANDLE.fullmatch(handle):
        raise _unauthenticated(
            f"{DEVELOPMENT_HEADER} must be a handle of 1 to 64 characters: a-z, 0-9, '.', '_', '-'."
        )
    asked = {"handle": handle, "permission": permission, "workspace_id": workspace_id}
    with db.connection() as conn:
        row: dict[str, Any] | None = queries.callers.of_handle(conn, **asked)
        if row is None:
            queries.users.create_with_handle(conn, handle=handle)
            row = queries.callers.of_handle(conn, **asked)
    if row is None or row.pop("is_disabled"):
        raise _unauthenticated("This user is disabled.")
    return _found(row)


def _note_key_use(response: Response) -> Response:
    """After the response: record when and from where its key was used."""
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


def _found(row: dict[str, Any]) -> Found:
    is_permitted = row.pop("is_permitted")
    caller = Caller(**row) if row["workspace_id"] is not None else None
    return Found(row["user_id"], caller, is_permitted)


def _refuse(detail: str) -> NoReturn:
    """Count a wrong credential, and raise Problem 401, or 429 after a hundred of them."""
    with db.connection() as conn:
        limits.charge(conn, *limits.of_client(limits.BAD_CREDENTIALS))
    raise _unauthenticated(detail, error="invalid_token") from None


def _unauthenticated(detail: str, *, error: str | None = None) -> Problem:
    challenge = "Bearer" if error is None else f'Bearer error="{error}"'
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": challenge})
