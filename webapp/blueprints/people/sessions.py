"""Sessions over HTTP: refresh, list, log out."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from flask import Response, request

from sql import queries
from webapp.access import audit, cookies
from webapp.access.callers import caller
from webapp.access.credentials import access_tokens, keyring
from webapp.access.limits import SIGN_INS
from webapp.http import client_address
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.http.errors import Problem, not_found
from webapp.identity.access_tokens import InvalidAccessToken
from webapp.identity.keyring import digest
from webapp.identity.session_tokens import RefreshToken
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.sessions import (
    LoggedOutEverywhere,
    LogOutEverywhere,
    Refresh,
    SessionPage,
    Tokens,
)
from webapp.signing_in import sign_in
from webapp.signing_in.revocation import end_all

# How long a lost response can be fetched again with the token that it spent.
GRACE: Final = timedelta(seconds=10)

sessions = Blueprint(
    "sessions", __name__, url_prefix="/api/auth", description="Sessions and their tokens."
)


@sessions.post("/refresh")
@permit(PUBLIC, limit=SIGN_INS)
@sessions.arguments(Refresh)
@sessions.response(200, Tokens)
def refresh(given: dict[str, Any]) -> Response:
    """Get the next tokens of a session

    A refresh token works once. For ten seconds it may be sent again and gives the same next token,
    in case the answer was lost; after that, sending it again ends the session.
    """
    text = given["refresh_token"] or cookies.refresh_token() or ""
    token = RefreshToken.read(text)
    if token is None:
        raise _invalid_refresh_token()
    following, *by_former_keys = token.following(keyring())
    with transaction() as conn:
        row = queries.sessions.refresh(
            conn,
            id=token.session_id,
            generation=token.generation,
            token_hash=digest(text),
            next_hash=digest(str(following)),
            address=client_address.address(),
            user_agent=client_address.user_agent(),
            lifetime=sign_in.lifetime(),
        )
    if row is None:
        row, following = _spent(token, [following, *by_former_keys])
    return sign_in.tokens(row["user_id"], following, with_cookie=row["has_cookie"])


def _spent(
    token: RefreshToken, following: list[RefreshToken]
) -> tuple[dict[str, Any], RefreshToken]:
    """The session of a token that is not the current one, and the current one if this was the
    previous one a moment ago, in case the response was lost. Otherwise an old token of ours ends
    its session."""
    with transaction() as conn:
        row: dict[str, Any] | None = queries.sessions.find_for_refresh(
            conn, id=token.session_id, grace=GRACE
        )
        if (
            row is None
            or not row["is_live"]
            or token.generation >= row["generation"]
            or not token.is_genuine(keyring())
        ):
            raise _invalid_refresh_token()
        if row["is_fresh"] and token.generation == row["generation"] - 1:
            for each in following:
                if compare_digest(digest(str(each)), bytes(row["token_hash"])):
                    return row, each
        user_id = row["user_id"]
        queries.sessions.end_one(conn, id=token.session_id, user_id=user_id, reason="token_reused")
        audit.record(
            conn, "session.token_reused", user_id=user_id, session_id=str(token.session_id)
        )
    raise Problem(
        401,
        "refresh_token_reused",
        "This refresh token was used before, so the session was ended; log in again.",
        headers={"WWW-Authenticate": "Bearer"},
    )


@sessions.post("/logout")
@permit(PUBLIC, limit=SIGN_INS)
@sessions.arguments(Refresh)
@sessions.response(204)
def log_out(given: dict[str, Any]) -> Response:
    """Log out

    Ends the session of the refresh token, the cookie or the access token that is sent. It is no
    error if the session is over already.
    """
    session_id = _session_to_end(given["refresh_token"])
    if session_id is not None:
        with transaction() as conn:
            row = queries.sessions.find_for_refresh(conn, id=session_id, grace=GRACE)
            if row is not None and _end(conn, session_id, row["user_id"], "logged_out"):
                audit.record(
                    conn,
                    "session.logged_out",
                    actor=f"user:{row['user_id']}",
                    user_id=row["user_id"],
                    session_id=str(session_id),
                )
    response = Response(status=204)
    if cookies.REFRESH_COOKIE in request.cookies:
        cookies.take_back(response)
    return response


def _session_to_end(refresh_token: str | None) -> UUID | None:
    text = refresh_token or cookies.refresh_token()
    if text is not None:
        token = RefreshToken.read(text)
        genuine = token is not None and token.is_genuine(keyring())
        return token.session_id if token is not None and genuine else None
    scheme, _, access_token = request.headers.get("Authorization", "").partition(" ")
    try:
        session_id = access_tokens().read(access_token, expired_too=True)
    except InvalidAccessToken:
        return None
    return session_id if scheme.lower() == "bearer" else None


@sessions.post("/logout-everywhere")
@permit("account:manage")
@sessions.arguments(LogOutEverywhere)
@sessions.response(200, LoggedOutEverywhere)
def log_out_everywhere(given: dict[str, Any]) -> Response:
    """Log out everywhere: end all of your sessions, including this one

    API keys stay valid, unless `revoke_api_keys` is set.
    """
    user_id = caller().user_id
    with transaction() as conn:
        ended = end_all(
            conn, user_id, reason="logged_out_everywhere", api_keys=given["revoke_api_keys"]
        )
        audit.record(conn, "session.all_logged_out", ended=ended.sessions)
    response = answer(
        {
            "ended": ended.sessions,
            "revoked_api_keys": ended.keys,
            "api_keys_left": ended.keys_left,
        }
    )
    cookies.take_back(response)
    return response


@sessions.get("/sessions")
@permit("account:read")
@sessions.arguments(PageArguments, location="query")
@sessions.response(200, SessionPage)
def list_live(arguments: dict[str, Any]) -> Response:
    """List your active sessions, newest first"""
    mine = {"user_id": caller().user_id, "current": caller().session_id}
    return list_page(arguments, UUID, queries.sessions.list_live, **mine)


@sessions.delete("/sessions/<uuid:session_id>")
@permit("account:manage")
@sessions.response(204)
def end_one(session_id: UUID) -> Response:
    """End one of your sessions"""
    with transaction() as conn:
        if not _end(conn, session_id, caller().user_id, "ended_by_user"):
            raise not_found()
        audit.record(conn, "session.ended", session_id=str(session_id))
    return Response(status=204)


def _end(conn: Any, session_id: UUID, user_id: UUID, reason: str) -> bool:
    ended = queries.sessions.end_one(conn, id=session_id, user_id=user_id, reason=reason)
    return ended is not None


def _invalid_refresh_token() -> Problem:
    return Problem(
        401,
        "invalid_refresh_token",
        "The refresh token is unknown, or its session has ended; log in again.",
        headers={"WWW-Authenticate": "Bearer"},
    )
