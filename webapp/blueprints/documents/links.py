"""Public links to documents over HTTP.

Whoever has the address of a link needs no account. Unknown, expired, ended and used up links, and
those of documents in the trash, give the same response.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response, request

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import passwords
from webapp.access.limits import Limit
from webapp.blueprints.documents import files
from webapp.blueprints.documents.sharing import has_begun, is_new_download
from webapp.http import client_address
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, not_found
from webapp.http.installed import settings
from webapp.identity.keyring import digest
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.links import LinkedFile, LinkPage, MadeLink, NewLink
from webapp.signing_in import attempts

if TYPE_CHECKING:
    from sql.connection import Connection

# For one client. Viewers read a long file in many parts.
_USES: Final = Limit("links", 300, 60)

_RESPONSES: Final = {
    206: "The requested range.",
    401: "The link needs a password, or another one.",
    410: "The file's bytes are no longer in the store.",
    416: "The range begins after the end of the file.",
}

links = Blueprint("links", __name__, url_prefix="/api", description="Public links to documents.")


@links.post("/documents/<uuid:document_id>/links")
@permit("workspace:documents:write")
@links.arguments(NewLink)
@links.response(201, MadeLink)
def create(new: dict[str, Any], document_id: UUID) -> Response:
    """Make a link by which anybody can download a document

    It leads to the current version. Its address is in this response only.
    """
    token = secrets.token_urlsafe(32)
    password = new.pop("password")
    password_hash = None if password is None else passwords().hash(password)
    with transaction() as conn:
        home = _home(conn, document_id)
        link = queries.links.create(
            conn,
            workspace_id=home,
            document_id=document_id,
            token_hash=digest(token),
            password_hash=password_hash,
            created_by=caller().user_id,
            **new,
        )
        facts = {name: str(value) for name, value in new.items() if value is not None}
        needs = {"needs_password": link["needs_password"]}
        _record(conn, "link.made", link["id"], document_id, **facts, **needs)
    response = answer(link | {"url": f"{settings().public_url}/api/links/{token}"}, 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@links.get("/documents/<uuid:document_id>/links")
@permit("workspace:documents:read")
@links.arguments(PageArguments, location="query")
@links.response(200, LinkPage)
def list_of_document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """List the links to a document that have not expired, newest first

    Their addresses are not stored, so they are not shown again.
    """
    with connection() as conn:
        home = _home(conn, document_id)
    thing = {"workspace_id": home, "document_id": document_id}
    return list_page(arguments, UUID, queries.links.list_of_document, **thing)


@links.delete("/documents/<uuid:document_id>/links/<uuid:link_id>")
@permit("workspace:documents:write")
@links.response(204)
def end(document_id: UUID, link_id: UUID) -> Response:
    """End a link"""
    with transaction() as conn:
        thing = {"workspace_id": _home(conn, document_id), "document_id": document_id}
        queries.links.remove(conn, id=link_id, **thing)
        _record(conn, "link.ended", link_id, document_id)
    return Response(status=204)


@links.get("/links/<token>")
@permit(PUBLIC, limit=_USES)
@links.response(200, LinkedFile)
def show(token: str) -> Response:
    """Show what a link leads to: the file's name, size and type

    Without its password, which only the file itself needs.
    """
    link = _link(token)
    if link["is_used_up"]:
        raise not_found()
    told = {name: link[name] for name in ("name", "bytes", "media_type")}
    needs = {"needs_password": link["password_hash"] is not None}
    return _kept_by_nobody(answer(told | needs | {"expires_at": link["expires_at"]}))


@links.get("/links/<token>/download")
@permit(PUBLIC, limit=_USES)
@links.response(200, content_type="application/octet-stream")
@links.alt_response(206, description=_RESPONSES[206])
@links.alt_response(401, description=_RESPONSES[401])
@links.alt_response(410, description=_RESPONSES[410])
@links.alt_response(416, description=_RESPONSES[416])
def download(token: str) -> Response:
    """Download the file of a link

    A password is sent by HTTP Basic authentication, with any user name. A request counts as one
    download, except for a part of the file that does not begin with its first byte, if the same
    client began a download within the last hour.
    """
    link = _opened(token)
    return _kept_by_nobody(files.as_download(link, _counting(link)))


@links.get("/links/<token>/preview")
@permit(PUBLIC, limit=_USES)
@links.response(200, content_type="application/octet-stream")
@links.alt_response(206, description=_RESPONSES[206])
@links.alt_response(401, description=_RESPONSES[401])
@links.alt_response(410, description=_RESPONSES[410])
@links.alt_response(415, description="Browsers cannot safely show this type.")
@links.alt_response(416, description=_RESPONSES[416])
def preview(token: str) -> Response:
    """Show the file of a link in the browser: PDF, pictures and plain text

    It counts as a download.
    """
    link = _opened(token)
    return _kept_by_nobody(files.as_preview(link, _counting(link)))


def _home(conn: Connection, document_id: UUID) -> UUID:
    """The caller's workspace, if the document is its own. Raises NoRow; the database refuses what
    is only shared with them."""
    mine = {"id": document_id, "workspace_id": caller().workspace_id}
    home: UUID = queries.documents.home_to_change(conn, **mine, needed="own")
    return home


def _link(token: str) -> dict[str, Any]:
    """The link of an address. Raises NoRow."""
    with connection() as conn:
        found: dict[str, Any] = queries.links.find(conn, token_hash=digest(token))
    return found


def _opened(token: str) -> dict[str, Any]:
    """The link of an address, if the request has its password. Raises NoRow, and Problem 401 or
    429. A link that is used up is only there for who is still downloading."""
    link = _link(token)
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


def _counting(link: dict[str, Any]) -> files.Note:
    """Counts a download before it begins. Raises NoRow if the link is used up."""

    def note(*, begins: bool) -> None:
        actor = f"link:{link['id']}"
        with transaction(actor=actor) as conn:
            network = client_address.network()
            if is_new_download(conn, link["id"], network, begins=begins):
                queries.links.use(conn, id=link["id"])
                entry = audit.entry(
                    "link.downloaded",
                    actor=actor,
                    workspace_id=link["workspace_id"],
                    link_id=str(link["id"]),
                    document_id=str(link["document_id"]),
                )
                audit.write(conn, entry)

    return note


def _kept_by_nobody(response: Response) -> Response:
    """What a link leads to: in no cache, so that a link that has ended shows nothing, and in no
    search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _record(
    conn: Connection, action: str, link_id: UUID, document_id: UUID, **facts: object
) -> None:
    told: dict[str, Any] = {"link_id": str(link_id), "document_id": str(document_id), **facts}
    audit.record(conn, action, workspace_id=caller().workspace_id, **told)
