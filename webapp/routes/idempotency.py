"""The same POST twice creates one thing and gives one response.

A client that sends `Idempotency-Key` may repeat the request, at once or within a day, without doing
it twice. The key is claimed in the transaction that does the work: a second request with it waits
for the first and gets its response, and a failed attempt leaves no trace.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from sql import queries
from webapp.access import callers
from webapp.http import db, request_body
from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


def idempotent(view: Callable[..., Response]) -> Callable[..., Response]:
    """Return the stored response to a request whose key was already used.

    Goes below `permit`, because keys belong to users in a workspace, and above the parsing of the
    body, because a refused body must not use up a key.
    """

    @wraps(view)
    def answer_once(*args: Any, **kwargs: Any) -> Response:
        if HEADER not in request.headers:
            return view(*args, **kwargs)
        before = getattr(view, "before_replay", None)
        check = None if before is None else partial(before, *args, **kwargs)
        return once(hash_of_request(), lambda: view(*args, **kwargs), before_replay=check)

    return claims_its_key(answer_once)


def claims_its_key(view: Callable[..., Response]) -> Callable[..., Response]:
    """Mark a route that calls `once` itself, since its body is too large to be read beforehand."""
    view.is_idempotent = True  # type: ignore[attr-defined]  # read by tests and OpenAPI
    return view


def once(
    request_hash: bytes,
    make: Callable[[], Response],
    *,
    before_replay: Callable[[], None] | None = None,
) -> Response:
    """What `make` answers, or what was answered to the request with the same key. `request_hash`
    is of all that makes a request the same. `before_replay` raises where the caller has lost access
    to the thing since. Raises Problem 422 where another one had the key."""
    key = request.headers.get(HEADER)
    if key is None:
        return make()
    if not _KEY.fullmatch(key):
        raise Problem(
            400,
            "invalid_idempotency_key",
            f"{HEADER} must be 1 to 255 visible ASCII characters, such as a UUID.",
        )
    caller = callers.caller()
    mine = {"user_id": caller.user_id, "workspace_id": caller.workspace_id, "key": key}
    with db.transaction() as conn:
        if queries.idempotency_keys.claim(conn, **mine, request_hash=request_hash):
            response = make()
            queries.idempotency_keys.keep(
                conn,
                **mine,
                status=response.status_code,
                location=response.headers.get("Location"),
                body=response.get_data(),
            )
            return response
        kept = queries.idempotency_keys.get(conn, **mine)
    if kept["request_hash"] != request_hash:
        raise Problem(
            422,
            "idempotency_key_reused",
            f"This {HEADER} was already used for another request; send a new one.",
        )
    if before_replay is not None:
        before_replay()
    return _replay(kept)


def hash_of_request() -> bytes:
    """What identifies a request: its method, its address and every byte of its body."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    for part in request_body.parts():
        digest.update(part)
    return digest.digest()


def _replay(kept: dict[str, Any]) -> Response:
    headers = {REPLAYED: "true"}
    if kept["location"] is not None:
        headers["Location"] = kept["location"]
    return Response(
        kept["body"], status=kept["status"], mimetype="application/json", headers=headers
    )
