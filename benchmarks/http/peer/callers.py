"""The caller, by API key, and whether they are permitted: one statement, as in Coffer."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader
from sqlalchemy import Text, and_, bindparam, case, func, or_, select

from benchmarks.http.peer.database import reading, writing
from benchmarks.http.peer.errors import Problem
from benchmarks.http.peer.models import ApiKey, Member, RolePermission, User

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncSession

# The seconds for which a process remembers a caller who reads, as in Coffer.
_REMEMBERED = 1.0

_permission = bindparam("permission", type_=Text)
_granted = (
    select(RolePermission)
    .where(
        RolePermission.permission == _permission,
        RolePermission.role.in_(("user", Member.role, case((User.is_admin, "admin")))),
    )
    .exists()
)
_CALLER = (
    select(
        ApiKey.user_id,
        Member.workspace_id,
        and_(_permission == ApiKey.scopes.any_(), _granted).label("is_permitted"),
    )
    .join(User, and_(User.id == ApiKey.user_id, User.disabled_at.is_(None)))
    .outerjoin(
        Member,
        and_(Member.user_id == ApiKey.user_id, Member.workspace_id == ApiKey.workspace_id),
    )
    .where(
        ApiKey.secret_hash == bindparam("secret_hash"),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
    )
)

_known: dict[tuple[str, str], tuple[float, Caller]] = {}
_key = APIKeyHeader(name="X-API-Key", auto_error=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """A user in a workspace, who makes a request."""

    user_id: UUID
    workspace_id: UUID

    @property
    def actor(self) -> str:
        return f"user:{self.user_id}"

    def writing(self, request: Request) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction in their name."""
        return writing(self.actor, request.state.request_id)


def permit(permission: str, *, writes: bool) -> Any:
    """The dependency of routes that require a permission. Writes always ask the database."""

    async def find(request: Request, key: Annotated[str | None, Depends(_key)]) -> Caller:
        if key is None:
            raise Problem(401, "unauthenticated", "Sign in first.")
        until, caller = _known.get((key, permission), (0.0, None))
        if writes or caller is None or time.monotonic() >= until:
            caller = await _ask(key, permission)
            _known[key, permission] = (time.monotonic() + _REMEMBERED, caller)
        request.state.actor = caller.actor
        return caller

    checked: Callable[..., Awaitable[Caller]] = find
    return Depends(checked)


async def _ask(key: str, permission: str) -> Caller:
    asked = {"permission": permission, "secret_hash": hashlib.sha256(key.encode()).digest()}
    async with reading() as session:
        row = (await session.execute(_CALLER, asked)).one_or_none()
    if row is None:
        raise Problem(401, "unauthenticated", "The API key is unknown, revoked or expired.")
    if row.workspace_id is None:
        raise Problem(404, "not_found", "It does not exist, or you have no access to it.")
    if not row.is_permitted:
        raise Problem(403, "forbidden", f"This requires the permission {permission}.")
    return Caller(row.user_id, row.workspace_id)
