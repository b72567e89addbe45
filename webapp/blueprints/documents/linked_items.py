"""The items of public links to folders over HTTP: as a page of JSON, and as a feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response

from sql import queries
from webapp.blueprints.documents import linked
from webapp.exporting.atom import MIMETYPE, feed
from webapp.http.answers import page, read_bigint, read_cursor
from webapp.http.db import connection, transaction
from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.links import LinkedItems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sql.connection import Connection

    Row = dict[str, Any]

_MOST_IN_FEED: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEEDS: Final = "The link needs a password, or another one."

linked_items = Blueprint(
    "linked_items",
    __name__,
    url_prefix="/api/links",
    description="The items of public links to folders.",
)


@linked_items.get("/<token>/items")
@permit(PUBLIC, limit=linked.USES)
@linked_items.arguments(PageArguments, location="query")
@linked_items.response(200, LinkedItems)
@linked_items.alt_response(401, description=_NEEDS)
def list_of_link(arguments: dict[str, Any], token: str) -> Response:
    """List the items of a link to a folder, those first that were put there last

    Those in the folder and in the folders below that are confirmed. A password is sent by HTTP
    Basic authentication, with any user name.
    """
    link = linked.opened(token, "folder_id")
    after = read_cursor(arguments["cursor"], _read_place)
    limit = arguments["limit"]
    rows = _items(link, after=after, limit=limit + 1)
    for row in rows:
        del row["appeared_at"]
    return _asked_again(page(rows, limit, name=link["name"]))


@linked_items.get("/<token>/feed")
@permit(PUBLIC, limit=linked.USES)
@linked_items.response(200, content_type=MIMETYPE)
@linked_items.alt_response(401, description=_NEEDS)
def show_feed(token: str) -> Response:
    """Show the hundred items that were put into a folder last as a feed

    In Atom (RFC 4287). With the ETag of the last response as `If-None-Match` it gives 304 while
    nothing has changed. A password is sent by HTTP Basic authentication, with any user name.
    """
    link = linked.opened(token, "folder_id")
    written = feed(
        feed_id=link["folder_id"],
        title=link["name"],
        address=f"{settings().public_url}/api/links/{token}/feed",
        updated=link["updated_at"],
        entries=_items(link, after=None, limit=_MOST_IN_FEED),
    )
    return _asked_again(Response(written, mimetype=MIMETYPE))


def _items(link: Row, *, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Row]:
    """What a link shows; that it was used is noted at most once an hour."""

    def ask(conn: Connection) -> Sequence[Row]:
        mine = {"workspace_id": link["workspace_id"], "folder_id": link["folder_id"]}
        time, item_id = after or (None, None)
        rows: Sequence[Row] = queries.links.list_items(
            conn, after_time=time, after_id=item_id, limit=limit, **mine
        )
        return rows

    if not link["is_seldom_used"]:
        with connection() as conn:
            return ask(conn)
    with transaction(actor=f"link:{link['id']}") as conn:
        queries.links.note_use(conn, id=link["id"])
        return ask(conn)


def _read_place(text: str) -> tuple[datetime, UUID]:
    """When an item was put into a folder, and its id. Raises ValueError."""
    microseconds, _, item_id = text.partition(" ")
    try:
        return _EPOCH + timedelta(microseconds=read_bigint(microseconds)), UUID(item_id)
    except OverflowError:
        raise ValueError(text) from None


def _asked_again(response: Response) -> Response:
    """What a client may keep, but asks for each time, so that a link that has ended shows nothing;
    in no search engine."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
