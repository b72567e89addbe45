"""Authorizing connections at Google and Microsoft, over HTTP: OAuth 2 with PKCE.

What has to be remembered until the browser comes back is in an encrypted cookie that lasts ten
minutes, as for single sign-on: a callback only works in the browser that began, for the user who
began, and once.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
from flask import Response, request
from marshmallow import EXCLUDE

from sql import queries
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.access.limits import SIGN_INS
from webapp.blueprints.drives.opening import connection_of_caller, drives
from webapp.blueprints.people.sso import is_own_page
from webapp.clients.drives.contract import DriveError
from webapp.filing.drives import app_of, credentials_of
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input, not_found
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.identity.keyring import Unreadable, digest
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.drives.authorizations import (
    Authorization,
    AuthorizationCallback,
    NewAuthorization,
)
from webapp.schemas.drives.connections import Connection

if TYPE_CHECKING:
    from webapp.clients.drives.oauth import OAuthApp, Tokens

COOKIE: Final = "coffer_drive"

_PATH: Final = "/api/connections"
_SECONDS: Final = 600
_PURPOSE: Final = "drive authorizations"
_NAMES: Final = {"google_drive": "Google Drive", "onedrive": "OneDrive"}

authorizations = Blueprint(
    "authorizations",
    __name__,
    url_prefix=_PATH,
    description="Authorizing connections at Google and Microsoft.",
)


@authorizations.post("/<provider_name>/authorize")
@permit("workspace:connections:manage")
@authorizations.arguments(NewAuthorization)
@authorizations.response(200, Authorization)
def authorize(asked: dict[str, Any], provider_name: str) -> Response:
    """Begin to connect Google Drive or OneDrive

    Send the browser to `url`, where the user agrees. It needs the cookie of this response when it
    comes back, within ten minutes. A provider that is not configured here is 404.
    """
    app = _app(provider_name)
    if asked["return_to"] is not None and not is_own_page(asked["return_to"]):
        raise invalid_input(
            ("return_to", "Belongs neither to APP_URL nor to an origin in CORS_ORIGINS.")
        )
    again = asked["connection_id"]
    if again is not None and connection_of_caller(again)["provider"] != provider_name:
        raise invalid_input(("connection_id", "Is a connection to another provider."))
    from webapp.clients.drives import oauth

    begun = oauth.ask(app, _callback_url(provider_name))
    me = caller()
    kept = {
        "provider": provider_name,
        "state": begun.state,
        "code_verifier": begun.code_verifier,
        "user_id": me.user_id,
        "workspace_id": me.workspace_id,
        **asked,
    }
    response = answer({"url": begun.url, "state": begun.state})
    response.set_cookie(
        COOKIE,
        keyring().encrypt(_PURPOSE, orjson.dumps(kept)).decode(),
        max_age=_SECONDS,
        path=_PATH,
        secure=settings().public_url.startswith("https:"),
        httponly=True,
        # It must be sent when the provider's page redirects back here.
        samesite="Lax",
    )
    return response


@authorizations.get("/<provider_name>/callback")
@permit(PUBLIC, limit=SIGN_INS)
@authorizations.arguments(AuthorizationCallback, location="query", unknown=EXCLUDE)
@authorizations.response(201, Connection)
@authorizations.alt_response(303, description="Redirects to `return_to`, if one was named.")
def come_back(arguments: dict[str, Any], provider_name: str) -> Response:
    """Finish connecting, where the provider sends the browser

    In the browser in which it was started, within ten minutes, and once.
    """
    app = _app(provider_name)
    begun = _begun(provider_name, arguments["state"])
    _use_up(begun)
    if arguments["error"] is not None or arguments["code"] is None:
        raise Problem(
            403, "drive_authorization_refused", "The provider did not give access to the drive."
        )
    mine = {"workspace_id": UUID(begun["workspace_id"]), "user_id": UUID(begun["user_id"])}
    with connection() as conn:
        if not queries.connections.may_connect(conn, **mine):
            raise not_found()
    tokens, account = _access(app, provider_name, begun, arguments["code"])
    row = _keep(provider_name, begun, mine, tokens, account)
    if begun["return_to"] is not None:
        response = Response(status=303)
        page = begun["return_to"].partition("#")[0]
        response.headers["Location"] = f"{page}#connection_id={row['id']}"
        response.headers["Cache-Control"] = "no-store"
    else:
        response = answer(row, 201, location=f"{_PATH}/{row['id']}")
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="Lax")
    return response


def _access(
    app: OAuthApp, provider: str, begun: dict[str, Any], code: str
) -> tuple[Tokens, str | None]:
    """The tokens for a code, and whose they are. Raises Problem."""
    from webapp.clients.drives import oauth

    try:
        tokens = oauth.exchange(
            app,
            code=code,
            redirect_uri=_callback_url(provider),
            code_verifier=begun["code_verifier"],
        )
        with closing(drives().open_authorized(provider, _Given(tokens.access_token))) as drive:
            account = drive.account()
    except DriveError as error:
        status = 400 if error.permanent else 502
        raise Problem(status, "drive_authorization_failed", str(error)) from None
    if tokens.refresh_token is None:
        raise Problem(
            400, "drive_authorization_failed", "The provider gives access for an hour only."
        )
    return tokens, account


class _Given:
    """A token that is not replaced when it is rejected."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, rejected: str | None = None) -> str:  # noqa: ARG002
        return self._token


def _keep(
    provider: str,
    begun: dict[str, Any],
    mine: dict[str, UUID],
    tokens: Tokens,
    account: str | None,
) -> dict[str, Any]:
    """The connection, new or mended."""
    again = begun["connection_id"] and UUID(begun["connection_id"])
    connection_id = again or new_id()
    sealed = drives().seal(mine["user_id"], connection_id, credentials_of(tokens))
    with transaction(actor=f"user:{mine['user_id']}") as conn:
        if again:
            queries.connections.open(conn, id=again, **mine)
            queries.connections.mend(conn, id=again, credentials=sealed, account=account)
        else:
            queries.connections.create(
                conn,
                id=connection_id,
                **mine,
                provider=provider,
                name=begun["name"] or _NAMES[provider],
                base_url=None,
                account=account,
                credentials=sealed,
            )
        row: dict[str, Any] = queries.connections.get(conn, id=connection_id, **mine)
    return row


def _begun(provider: str, state: str | None) -> dict[str, Any]:
    """What this browser's authorization stored. Raises Problem 400."""
    try:
        sealed = request.cookies.get(COOKIE, "").encode()
        opened = keyring().decrypt(_PURPOSE, sealed, seconds=_SECONDS)
    except Unreadable:
        raise _invalid_state() from None
    begun: dict[str, Any] = orjson.loads(opened)
    if begun["provider"] != provider or not compare_digest(
        begun["state"].encode(), (state or "").encode()
    ):
        raise _invalid_state()
    return begun


def _use_up(begun: dict[str, Any]) -> None:
    """The stored state works once, whatever the result. Raises Problem 400."""
    with connection() as conn:
        if not queries.sso_callbacks.record(
            conn,
            state_hash=digest(begun["state"]),
            # Longer than the cookie, because clocks differ.
            remembered=timedelta(seconds=2 * _SECONDS),
        ):
            raise _invalid_state()


def _app(provider: str) -> OAuthApp:
    app = app_of(settings(), provider)
    if app is None:
        raise not_found()
    return app


def _callback_url(provider: str) -> str:
    return f"{settings().public_url}{_PATH}/{provider}/callback"


def _invalid_state() -> Problem:
    return Problem(
        400,
        "invalid_drive_state",
        "This was not started in this browser, is already finished, or was started more than ten"
        " minutes ago; start again.",
    )
