"""Tokens of public collections, as everybody sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from sql import queries
from webapp.blueprints.tokens.ipfs_files import file_headers, has_client
from webapp.blueprints.tokens.publicity import READS, public_collection
from webapp.http.answers import answer, list_page, read_bigint
from webapp.http.db import connection
from webapp.http.errors import not_found
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.common import PageArguments
from webapp.schemas.tokens.tokens import PublicToken, PublicTokenPage

if TYPE_CHECKING:
    from uuid import UUID

public_tokens = Blueprint(
    "public_tokens",
    __name__,
    url_prefix="/api/collections/<uuid:collection_id>/tokens",
    description="Tokens of public collections, for everybody.",
)


@public_tokens.get("")
@permit(PUBLIC, limit=READS)
@public_tokens.arguments(PageArguments, location="query")
@public_tokens.response(200, PublicTokenPage)
def list_of_collection(arguments: dict[str, Any], collection_id: UUID) -> Response:
    """List the tokens of a public collection, the highest numbers first

    No account is needed. What a token shows is told once it is revealed.
    """
    with connection() as conn:
        public_collection(conn, collection_id)
    ask = queries.tokens.list_public
    return list_page(arguments, read_bigint, ask, collection_id=collection_id)


@public_tokens.get("/<int:number>")
@permit(PUBLIC, limit=READS)
@public_tokens.response(200, PublicToken)
def get(collection_id: UUID, number: int) -> Response:
    """Show a token of a public collection by its number

    What it shows, and where that is kept, is told once it is revealed.
    """
    return answer(_find(collection_id, number))


@public_tokens.get("/<int:number>/metadata")
@permit(PUBLIC, limit=READS)
@public_tokens.response(200, content_type="application/json")
@public_tokens.alt_response(304, description="The client has it.")
def get_metadata(collection_id: UUID, number: int) -> Response:
    """Show the metadata of a token that is revealed

    The very bytes that its URI on the chain leads to, whose CID is the ETag. While a token is not
    revealed, there are none: 404.
    """
    if number >= 2**63:
        raise not_found()
    with connection() as conn:
        public_collection(conn, collection_id)
        file = queries.tokens.get_public_metadata(
            conn, collection_id=collection_id, token_id=number
        )
    headers = file_headers(file["cid"], f'"{file["cid"]}"')
    # Of the file this is true for ever, but the chain may yet take back what reveals it.
    headers["Cache-Control"] = "public, max-age=60"
    if has_client(file["cid"]):
        return Response(status=304, headers=headers)
    return Response(file["bytes"], content_type=file["media_type"], headers=headers)


def _find(collection_id: UUID, number: int) -> dict[str, Any]:
    """A token as everybody sees it. Raises Problem 404."""
    if number >= 2**63:
        raise not_found()
    with connection() as conn:
        public_collection(conn, collection_id)
        found: dict[str, Any] = queries.tokens.get_public(
            conn, collection_id=collection_id, token_id=number
        )
    return found
