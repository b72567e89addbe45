"""Links as those who have their addresses use them.

Whoever has the address of a link needs no account. Unknown, expired, ended and used up links, and
those of documents in the trash, give the same response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import request

from sql import queries
from webapp.access.credentials import passwords
from webapp.access.limits import Limit
from webapp.blueprints.documents.sharing import has_begun
from webapp.http import client_address
from webapp.http.db import connection
from webapp.http.errors import Problem, not_found
from webapp.identity.keyring import digest
from webapp.signing_in import attempts

if TYPE_CHECKING:
    from flask import Response

# For one client. Viewers read a long file in many parts.
USES: Final = Limit("links", 300, 60)


def find(token: str) -> dict[str, Any]:
    """The link of an address. Raises NoRow."""
    with connection() as conn:
        found: dict[str, Any] = queries.links.find(conn, token_hash=digest(token))
    return found


def opened(token: str, kind: str) -> dict[str, Any]:
    """The link of an address, if the request has its password.

    `kind` is the column that says what it must lead to. Raises NoRow, and Problem 401, 404 or 429.
    A link that is used up is only there for who is still downloading.
    """
    link = find(token)
    if link[kind] is None:
        raise not_found()
    if link["is_used_up"]:
        with connection() as conn:
            if not has_begun(conn, link["id"], client_address.network()):
                raise not_found()
    if link["password_hash"] is None:
        return link
    given = request.authorization
    if given is None or given.type != "basic" or given.password is None:
        raise _unauthenticated("link_password_required", "This link needs a password.")
    with attempts.link(link["id"]):
        if not passwords().verify(link["password_hash"], given.password):
            raise _unauthenticated("wrong_link_password", "The password is wrong.")
    return link


def _unauthenticated(code: str, detail: str) -> Problem:
    challenge = 'Basic realm="The password of the link", charset="UTF-8"'
    return Problem(401, code, detail, headers={"WWW-Authenticate": challenge})


def kept_by_nobody(response: Response) -> Response:
    """What a link leads to: in no cache, so that a link that has ended shows nothing, and in no
    search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
