"""Single sign-on over HTTP, by OpenID Connect.

What a log-in has to remember until the browser comes back is in an encrypted cookie that lasts ten
minutes, so a callback only works in the browser, and for the provider, that started it. It works
once, which the database enforces: a provider may issue several codes for one log-in.
"""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson
from flask import Response, request
from marshmallow import EXCLUDE

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.access.limits import SIGN_INS
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input, not_found
from webapp.http.installed import settings
from webapp.identity.keyring import Unreadable, digest
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.people.log_ins import Ticket
from webapp.schemas.people.sessions import Tokens
from webapp.schemas.people.sso import SsoCallback, SsoProviders, SsoStart
from webapp.signing_in import sign_in, single_sign_on

if TYPE_CHECKING:
    from webapp.clients.oidc.client import Client
    from webapp.clients.oidc.contract import Identity, OidcError
    from webapp.settings.identity import SsoProvider

COOKIE: Final = "coffer_sso"

_PATH: Final = "/api/auth/sso"
_SECONDS: Final = 600
_PURPOSE: Final = "sso log-ins"

sso = Blueprint("sso", __name__, url_prefix=_PATH, description="Single sign-on.")


@sso.get("")
@permit(PUBLIC)
@sso.response(200, SsoProviders)
def list_providers() -> Response:
    """List the single sign-on providers

    Log in with one at `/api/auth/sso/{provider_name}/login`.
    """
    names = [provider.name for provider in settings().sso_providers]
    return answer({"items": [{"name": n, "login_url": f"{_PATH}/{n}/login"} for n in names]})


@sso.get("/<provider_name>/login")
@permit(PUBLIC, limit=SIGN_INS)
@sso.arguments(SsoStart, location="query")
@sso.response(302)
def log_in(arguments: dict[str, Any], provider_name: str) -> Response:
    """Start a log-in with a provider

    For browsers: the answer redirects to the provider's own page.
    """
    provider = _provider(provider_name)
    return_to = arguments["return_to"]
    if return_to is not None and not is_own_page(return_to):
        raise invalid_input(
            ("return_to", "Belongs neither to APP_URL nor to an origin in CORS_ORIGINS.")
        )
    from webapp.clients.oidc.contract import OidcError

    try:
        begun = _client(provider).begin(_callback_url(provider))
    except OidcError as error:
        raise _failed(error) from None
    kept = {
        "provider": provider.name,
        "state": begun.state,
        "nonce": begun.nonce,
        "code_verifier": begun.code_verifier,
        "return_to": return_to,
    }
    response = Response(status=302)
    response.headers["Location"] = begun.url
    response.headers["Cache-Control"] = "no-store"
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


@sso.get("/<provider_name>/callback")
@permit(PUBLIC, limit=SIGN_INS)
@sso.arguments(SsoCallback, location="query", unknown=EXCLUDE)
@sso.response(200, Tokens)
@sso.alt_response(202, schema=Ticket, description="The second factor is required.")
@sso.alt_response(303, description="Redirects to `return_to`, if the log-in named one.")
def come_back(arguments: dict[str, Any], provider_name: str) -> Response:
    """Finish a log-in, where the provider sends the browser

    The account is the one that this user of the provider has used before; otherwise the one with
    the same email address, if both the provider and this server have confirmed it; otherwise a new
    one, if the provider may bring new users.
    """
    provider = _provider(provider_name)
    begun = _begun(provider, arguments["state"])
    try:
        _use_up(begun)
        identity = _identify(provider, begun, arguments)
        response = _sign_in(provider, identity, with_cookie=begun["return_to"] is not None)
    except Problem as problem:
        with transaction() as conn:
            audit.record(conn, "sso.failed", provider=provider.name, reason=problem.code)
        response = problem.response()
    if begun["return_to"] is not None and response.status_code in (200, 202):
        response = _lead_to(begun["return_to"], response)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="Lax")
    return response


@sso.delete("/<provider_name>")
@permit("account:manage")
@sso.response(204)
def unlink(provider_name: str) -> Response:
    """Unlink a provider from your account

    An account without a password keeps its last provider: the answer is 409 `no_password`.
    """
    user_id = caller().user_id
    with transaction() as conn:
        account = queries.users.get_account(conn, id=user_id)
        if provider_name not in account["sso_providers"]:
            raise not_found()
        if queries.identities.unlink(conn, provider=provider_name, user_id=user_id) is None:
            raise Problem(409, "no_password", "Set a password first, with a password reset.")
        audit.record(conn, "sso.unlinked", provider=provider_name)
    return Response(status=204)


def _begun(provider: SsoProvider, state: str | None) -> dict[str, Any]:
    """What this browser's log-in stored. Raises Problem 400."""
    try:
        sealed = request.cookies.get(COOKIE, "").encode()
        opened = keyring().decrypt(_PURPOSE, sealed, seconds=_SECONDS)
    except Unreadable:
        raise _invalid_state() from None
    begun: dict[str, Any] = orjson.loads(opened)
    if begun["provider"] != provider.name or not compare_digest(
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


def _identify(provider: SsoProvider, begun: dict[str, Any], arguments: dict[str, Any]) -> Identity:
    from webapp.clients.oidc.contract import OidcError

    if arguments["error"] is not None:
        raise Problem(403, "sso_refused", "The provider did not sign you in.")
    if arguments["code"] is None:
        raise _invalid_state()
    client = _client(provider)
    try:
        if client.requires_iss() and arguments["iss"] is None:
            raise _invalid_state()
        if arguments["iss"] not in (None, client.issuer):
            raise _invalid_state()
        return client.finish(
            redirect_uri=_callback_url(provider),
            code=arguments["code"],
            nonce=begun["nonce"],
            code_verifier=begun["code_verifier"],
        )
    except OidcError as error:
        raise _failed(error) from None


def _sign_in(provider: SsoProvider, identity: Identity, *, with_cookie: bool) -> Response:
    with transaction() as conn:
        account = single_sign_on.account_of(conn, provider, identity)
        return sign_in.begin(conn, account, method=f"sso:{provider.name}", with_cookie=with_cookie)


def _lead_to(page: str, signed_in: Response) -> Response:
    """The redirect back to the page, with the session's cookies. Anything else it needs is in the
    fragment, which reaches no server and no log."""
    body = orjson.loads(signed_in.get_data())
    told = (
        f"csrf_token={body['csrf_token']}"
        if signed_in.status_code == 200
        else f"totp_ticket={body['ticket']}"
    )
    response = Response(status=303)
    response.headers["Location"] = f"{page.partition('#')[0]}#{told}"
    response.headers["Cache-Control"] = "no-store"
    for cookie in signed_in.headers.getlist("Set-Cookie"):
        response.headers.add("Set-Cookie", cookie)
    return response


def _provider(name: str) -> SsoProvider:
    for provider in settings().sso_providers:
        if provider.name == name:
            return provider
    raise not_found()


def _client(provider: SsoProvider) -> Client:
    """The provider's client, created at first use. Raises Problem 502."""
    return single_sign_on.client_of(provider)


def _callback_url(provider: SsoProvider) -> str:
    return f"{settings().public_url}{_PATH}/{provider.name}/callback"


def is_own_page(url: str) -> bool:
    """Whether an address belongs to APP_URL or to an origin in CORS_ORIGINS."""
    app_url = settings().app_url
    own = {*settings().cors_origins} | ({_origin(app_url)} if app_url else set())
    return _origin(url) in own


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _failed(error: OidcError) -> Problem:
    status = 400 if error.code == "provider_refused" else 502
    return Problem(status, "sso_failed", f"{error}", reason=error.code)


def _invalid_state() -> Problem:
    return Problem(
        400,
        "invalid_sso_state",
        "This log-in was not started in this browser, is already finished, or was started more"
        " than ten minutes ago; start again.",
    )
