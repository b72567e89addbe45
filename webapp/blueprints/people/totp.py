"""The second factor over HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.identity import totp as codes
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.people.totp import Code, Enrolment, Reauthentication, RecoveryCodes, TotpChange
from webapp.signing_in import attempts, second_factor
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import reauthenticate, reauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sql.connection import Connection

totp = Blueprint("totp", __name__, url_prefix="/api/auth/totp", description="The second factor.")


@totp.post("/enrol")
@permit("account:manage")
@totp.arguments(Reauthentication)
@totp.response(200, Enrolment)
def enrol(given: dict[str, Any]) -> Response:
    """Set up an authenticator app

    Logging in does not ask for a code until the first one has been verified, within fifteen
    minutes.
    """
    account = reauthenticate(given["password"])
    secret = codes.new_secret()
    user_id = caller().user_id
    with transaction() as conn:
        account.hold(conn)
        if not queries.totp.enrol(conn, user_id=user_id, secret=second_factor.seal(secret)):
            raise Problem(409, "totp_enabled", "The second factor is already on; disable it first.")
    uri = codes.provisioning_uri(secret, account.email or str(user_id))
    return _secret({"secret": secret, "uri": uri, "qr_svg": codes.qr_code(uri)})


@totp.post("/verify")
@permit("account:manage")
@totp.arguments(Code)
@totp.response(200, RecoveryCodes)
def verify(given: dict[str, Any]) -> Response:
    """Turn on the second factor with a first code

    The answer has ten recovery codes, which are never shown again.
    """
    user_id = caller().user_id
    with attempts.confirmation(user_id):
        with connection() as conn:
            kept = queries.totp.get(conn, user_id=user_id)
        if kept is None or kept["is_confirmed"]:
            raise Problem(409, "totp_not_enrolling", "There is nothing to verify; enrol first.")
        secret = second_factor.unseal(kept["secret"])
        step = None if secret is None else codes.step_of(secret, given["code"])
        if step is None:
            _refuse_code("verify")
        with transaction() as conn:
            if not queries.totp.confirm(conn, user_id=user_id, secret=kept["secret"], step=step):
                raise Problem(
                    409, "totp_not_enrolling", "It was enrolled again, or already verified."
                )
            recovery_codes = second_factor.give_recovery_codes(conn, user_id)
            audit.record(conn, "totp.enabled")
            email = queries.users.get_password(conn, id=user_id)["email"]
            _tell(conn, email, "switched on")
    return _secret({"recovery_codes": recovery_codes})


@totp.post("/disable")
@permit("account:manage")
@totp.arguments(TotpChange)
@totp.response(204)
def disable(given: dict[str, Any]) -> Response:
    """Turn off the second factor"""
    with _code_used(given, "disable") as (conn, email):
        queries.totp.remove(conn, user_id=caller().user_id)
        audit.record(conn, "totp.disabled")
        _tell(conn, email, "switched off")
    return Response(status=204)


@totp.post("/recovery-codes")
@permit("account:manage")
@totp.arguments(TotpChange)
@totp.response(200, RecoveryCodes)
def replace_recovery_codes(given: dict[str, Any]) -> Response:
    """Replace the recovery codes with ten new ones"""
    with _code_used(given, "replace") as (conn, email):
        recovery_codes = second_factor.give_recovery_codes(conn, caller().user_id)
        audit.record(conn, "totp.recovery_codes_replaced")
        notify(conn, "recovery_codes_replaced", user_id=caller().user_id, email=email)
    return _secret({"recovery_codes": recovery_codes})


@contextmanager
def _code_used(given: dict[str, Any], what_for: str) -> Iterator[tuple[Connection, str | None]]:
    """A transaction that uses up a code of the app, or a recovery code, after the password was
    checked; yields the user's address. Raises Problem."""
    user_id, code = caller().user_id, given["code"]
    with reauthenticated(given["password"]) as account:
        with transaction() as conn:
            account.hold(conn)
            kept = queries.totp.get(conn, user_id=user_id)
            if kept is None or not kept["is_confirmed"]:
                raise Problem(409, "totp_disabled", "The second factor is not on.")
            is_right = second_factor.use_code(
                conn, user_id, kept["secret"], code
            ) or second_factor.use_recovery_code(conn, user_id, code)
            if is_right:
                yield conn, account.email
                return
        _refuse_code(what_for)


def _tell(conn: Connection, email: str | None, what: str) -> None:
    notify(conn, "totp_changed", user_id=caller().user_id, email=email, what=what)


def _secret(body: dict[str, Any]) -> Response:
    response = answer(body)
    response.headers["Cache-Control"] = "no-store"
    return response


def _refuse_code(what_for: str) -> NoReturn:
    """Record a wrong code in the audit log, and raise Problem 403."""
    with transaction() as conn:
        audit.record(conn, "totp.failed", reason=what_for)
    raise Problem(403, "wrong_code", "The code is wrong or was already used.")
