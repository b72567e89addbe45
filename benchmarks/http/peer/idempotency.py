"""The same POST twice makes one thing and gives one answer, by Coffer's rules and table."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from fastapi import Request, Response
from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.dialects.postgresql import insert

from benchmarks.http.peer.errors import Problem
from benchmarks.http.peer.models import IdempotencyKey

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncSession

    from benchmarks.http.peer.callers import Caller

# Tables instead of classes, so that no objects are created for what is written.
_table = IdempotencyKey.__table__
_mine = ("user_id", "workspace_id", "key")
_new = insert(_table).values({name: bindparam(name) for name in (*_mine, "request_hash")})
_CLAIM = _new.on_conflict_do_update(
    constraint="idempotency_keys_pkey",
    set_={
        "request_hash": _new.excluded.request_hash,
        "expires_at": _new.excluded.expires_at,
        "status": null(),
        "location": null(),
        "body": null(),
    },
    where=_table.c.expires_at <= func.now(),
).returning(_table.c.key)
_KEEP = (
    update(_table)
    .where(*(_table.c[name] == bindparam(f"my_{name}") for name in _mine))
    .values({name: bindparam(name) for name in ("status", "location", "body")})
)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def answer_once(
    request: Request, session: AsyncSession, caller: Caller, make: Callable[[], Awaitable[Response]]
) -> Response:
    """What `make` answers, or the answer that was kept for the request's key."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return await make()
    if not _KEY.fullmatch(key):
        raise Problem(400, "invalid_idempotency_key", "Send 1 to 255 visible ASCII characters.")
    mine = {"user_id": caller.user_id, "workspace_id": caller.workspace_id, "key": key}
    request_hash = await _hash_of(request)
    claimed = await session.scalar(_CLAIM, mine | {"request_hash": request_hash})
    if claimed is not None:
        response = await make()
        await session.execute(
            _KEEP,
            {f"my_{name}": value for name, value in mine.items()}
            | {
                "status": response.status_code,
                "location": response.headers.get("location"),
                "body": response.body,
            },
        )
        return response
    kept = (await session.execute(select(_table).filter_by(**mine))).one()
    if kept.request_hash != request_hash:
        raise Problem(422, "idempotency_key_reused", "The key was used for another request.")
    headers = {"Idempotency-Replayed": "true"}
    if kept.location is not None:
        headers["Location"] = kept.location
    return Response(kept.body, kept.status, headers, media_type="application/json")


async def _hash_of(request: Request) -> bytes:
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).digest()
