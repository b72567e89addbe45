"""The files of public links over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access import audit
from webapp.blueprints.documents import files, linked
from webapp.blueprints.documents.sharing import is_new_download
from webapp.http import client_address
from webapp.http.db import transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit

if TYPE_CHECKING:
    from flask import Response

_RESPONSES: Final = {
    206: "The requested range.",
    401: "The link needs a password, or another one.",
    410: "The file's bytes are no longer in the store.",
    416: "The range begins after the end of the file.",
}

linked_files = Blueprint(
    "linked_files", __name__, url_prefix="/api/links", description="The files of public links."
)


@linked_files.get("/<token>/download")
@permit(PUBLIC, limit=linked.USES)
@linked_files.response(200, content_type="application/octet-stream")
@linked_files.alt_response(206, description=_RESPONSES[206])
@linked_files.alt_response(401, description=_RESPONSES[401])
@linked_files.alt_response(410, description=_RESPONSES[410])
@linked_files.alt_response(416, description=_RESPONSES[416])
def download(token: str) -> Response:
    """Download the file of a link

    A password is sent by HTTP Basic authentication, with any user name. A request counts as one
    download, except for a part of the file that does not begin with its first byte, if the same
    client began a download within the last hour.
    """
    link = linked.opened(token, "document_id")
    return linked.kept_by_nobody(files.as_download(link, _counting(link)))


@linked_files.get("/<token>/preview")
@permit(PUBLIC, limit=linked.USES)
@linked_files.response(200, content_type="application/octet-stream")
@linked_files.alt_response(206, description=_RESPONSES[206])
@linked_files.alt_response(401, description=_RESPONSES[401])
@linked_files.alt_response(410, description=_RESPONSES[410])
@linked_files.alt_response(415, description="Browsers cannot safely show this type.")
@linked_files.alt_response(416, description=_RESPONSES[416])
def preview(token: str) -> Response:
    """Show the file of a link in the browser: PDF, pictures and plain text

    It counts as a download.
    """
    link = linked.opened(token, "document_id")
    return linked.kept_by_nobody(files.as_preview(link, _counting(link)))


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
