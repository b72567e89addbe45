"""Files in IPFS over HTTP, as a gateway serves them: the pictures and the metadata of tokens."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request

from sql import queries
from webapp.access.limits import Limit
from webapp.clients.ipfs.cid import PROFILES, Profile, car, cid_of, root_block, standard_form
from webapp.http.db import connection
from webapp.http.errors import not_found
from webapp.http.ranges import wanted_range
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.tokens.ipfs_files import IpfsFileArguments

# For one client. A page may show many pictures.
_READS: Final = Limit("ipfs", 1200, 60)

_RAW: Final = "application/vnd.ipld.raw"
_CAR: Final = "application/vnd.ipld.car; version=1"

ipfs_files = Blueprint(
    "ipfs_files", __name__, url_prefix="/ipfs", description="Files in IPFS, by their address."
)


@ipfs_files.get("/<cid>")
@permit(PUBLIC, limit=_READS)
@ipfs_files.arguments(IpfsFileArguments, location="query")
@ipfs_files.response(200, content_type="application/octet-stream")
@ipfs_files.alt_response(206, description="The requested range.")
@ipfs_files.alt_response(304, description="The client has it.")
@ipfs_files.alt_response(416, description="The range begins after the end of the file.")
def show(arguments: dict[str, Any], cid: str) -> Response:
    """Get a file by its CID: a picture, or the metadata of a token

    Of public collections, once a token is about to be revealed. A file never changes. One range at
    a time; of a block or a CAR there are none.
    """
    known = standard_form(cid)
    if known is None:
        raise not_found()
    form = arguments["format"]
    etag = f'"{known}"' if form is None else f'"{known}.{form}"'
    with connection() as conn:
        file = queries.ipfs_files.find_public(conn, cid=known)
        if has_client(etag.strip('"')):
            return Response(status=304, headers=file_headers(known, etag))
        length = file["size"]
        part = wanted_range(request.headers, etag, length) if form is None else None
        start, end = part or (0, length)
        data: bytes = queries.ipfs_files.part(
            conn, cid=known, workspace_id=file["workspace_id"], start=start, end=end
        )
    headers = file_headers(known, etag)
    if form is not None:
        profile = _profile_of(known, data)
        body, media_type = (root_block, _RAW) if form == "raw" else (car, _CAR)
        headers["Content-Disposition"] = f'attachment; filename="{known}.{_ENDINGS[form]}"'
        return Response(body(data, profile), content_type=media_type, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
    return Response(
        data,
        status=200 if part is None else 206,
        content_type=file["media_type"],
        headers=headers,
    )


_ENDINGS: Final = {"raw": "bin", "car": "car"}


def file_headers(cid: str, etag: str) -> dict[str, str]:
    """What gateways say about a file; and nothing in it may run, whoever shows it."""
    return {
        "ETag": etag,
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Ipfs-Path": f"/ipfs/{cid}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }


def has_client(tag: str) -> bool:
    """Whether the client has what has this tag, and only asks whether that has changed."""
    return request.if_none_match.contains_raw(tag) or "*" in request.if_none_match


def _profile_of(cid: str, data: bytes) -> Profile:
    """The profile by which a file has its CID."""
    return next(profile for profile in PROFILES.values() if cid_of(data, profile) == cid)
