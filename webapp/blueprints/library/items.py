"""Items over HTTP: capture, review, edits, and pages that are read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.library import changing
from webapp.filing import item_rules
from webapp.http.answers import answer, page, read_cursor
from webapp.http.db import connection, transaction
from webapp.http.errors import invalid_input
from webapp.routes import etags
from webapp.routes.blueprint import Blueprint
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.rules.first_line import first_line
from webapp.rules.names import fold
from webapp.rules.same_page import normalized, page_hash
from webapp.schemas.library.items import (
    CheckedAddress,
    DuplicateItem,
    Item,
    ItemChange,
    ItemPage,
    NewItem,
    PageAddress,
    PendingArguments,
)

if TYPE_CHECKING:
    from flask import Response

    from sql.connection import Connection

items = Blueprint("items", __name__, url_prefix="/api/items", description="Links and notes.")


@items.post("")
@permit("workspace:items:write")
@idempotent
@items.arguments(NewItem)
@items.response(201, Item)
@items.alt_response(200, schema=DuplicateItem, description="The page was already captured.")
def create(new: dict[str, Any]) -> Response:
    """Capture a link or a note

    It is enriched in the background: within seconds it has a title, a summary and suggested tags,
    and its status becomes `ready_to_confirm`. With `enrich: false` it is `confirmed` at once.

    A page that the workspace already has, and has not discarded, is not captured twice: the answer
    is the item that exists, with the new tags and in the new folders too, and `duplicate_of`. Send
    `allow_duplicate` to capture it again.

    The workspace's rules for items apply to it at once, and again when it has been enriched. One
    may discard it: see its `status`.

    An item may come from a document (`document_id`), whose title and summary are its text unless
    another is given. The lists of items take `document_id` too.
    """
    _take_text_of_document(new)
    may_be_second = new.pop("allow_duplicate")
    url = new["source_url"]
    new["page_hash"] = None if url is None else page_hash(url)
    if new.pop("enrich"):
        new["status"] = "enriching"
    else:
        new["status"] = "confirmed"
        new["title"] = new["title"] or first_line(new["raw_text"] or new["source_url"])
    mine = {"workspace_id": caller().workspace_id}
    folder_ids = new.pop("folder_ids")
    with transaction() as conn:
        changing.hold_folders(conn, folder_ids)
        if url is not None and not may_be_second:
            queries.items.hold_page(conn, page_hash=new["page_hash"], **mine)
            found = queries.items.find_page(conn, page_hash=new["page_hash"], **mine)
            if found is not None:
                item = _file_too(conn, found["id"], new["tags"], folder_ids)
                return answer(item | {"duplicate_of": item["id"]})
        item = queries.items.create(conn, created_by=caller().user_id, **mine, **new)
        has_rules = item.pop("has_rules")
        if folder_ids:
            queries.folder_items.put(conn, item_ids=[item["id"]], folder_ids=folder_ids, **mine)
        if has_rules:
            rules = item_rules.of_workspace(conn, caller().workspace_id)
            item_rules.apply(conn, caller().workspace_id, rules, [item["id"]])
        if folder_ids or has_rules:
            item = queries.items.get(conn, id=item["id"], **mine)
    return answer(item, 201, location=f"/api/items/{item['id']}")


def _file_too(
    conn: Connection, item_id: UUID, names: list[str], folder_ids: list[UUID]
) -> dict[str, Any]:
    """An item that was captured again, with the tags and in the folders of the second time."""
    item: dict[str, Any] = queries.items.get(conn, id=item_id, workspace_id=caller().workspace_id)
    known = {fold(name) for name in item["tags"]}
    missing = [name for name in names if fold(name) not in known]
    held = {folder["id"] for folder in item["folders"]}
    others = [folder_id for folder_id in folder_ids if str(folder_id) not in held]
    if not missing and not others:
        return item
    change = {"add_tags": missing, "add_folder_ids": others}
    changing.hold(conn, item_id, change)
    return changing.change(conn, item_id, change)


def _take_text_of_document(new: dict[str, Any]) -> None:
    """Let the text of an item that has none be that of its document."""
    if new["document_id"] is None or new["raw_text"] is not None or new["source_url"] is not None:
        return
    with connection() as conn:
        new["raw_text"] = queries.items.text_of_document(
            conn, document_id=new["document_id"], workspace_id=caller().workspace_id
        )
    if new["raw_text"] is None:
        raise invalid_input(("document_id", "There is no such document here."))


@items.post("/check-url")
@permit("workspace:items:write")
@items.arguments(PageAddress)
@items.response(200, CheckedAddress)
def check_url(given: dict[str, Any]) -> Response:
    """Check whether a page was already captured

    Two addresses are the same page if they are the same in the normal form of RFC 3986, without
    fragment and click-tracking parameters. So is one that the captured one led to, or that its page
    calls its own.
    """
    url = given["source_url"]
    with connection() as conn:
        found = queries.items.find_page(
            conn, workspace_id=caller().workspace_id, page_hash=page_hash(url)
        )
    duplicate_of = None if found is None else found["id"]
    return answer({"normalized": normalized(url), "duplicate_of": duplicate_of})


@items.get("/pending")
@permit("workspace:items:read")
@items.arguments(PendingArguments, location="query")
@items.response(200, ItemPage)
def list_pending(arguments: dict[str, Any]) -> Response:
    """List the items that await a decision, newest first

    Items that are `enriching`, `ready_to_confirm` or `failed`.
    """
    after = read_cursor(arguments["cursor"], UUID)
    limit = arguments["limit"]
    mine = {
        "workspace_id": caller().workspace_id,
        "document_id": arguments["document_id"],
        "folder_id": arguments["folder_id"],
        "recursive": arguments["recursive"],
    }
    with connection() as conn:
        rows = queries.items.list_pending(conn, **mine, after=after, limit=limit + 1)
        total = queries.items.count_pending(conn, **mine)
    return page(rows, limit, total=total)


@items.get("/<uuid:item_id>")
@permit("workspace:items:read")
@items.response(200, Item)
def get(item_id: UUID) -> Response:
    """Show an item with its suggestions"""
    with connection() as conn:
        return answer(queries.items.get(conn, id=item_id, workspace_id=caller().workspace_id))


@items.patch("/<uuid:item_id>")
@permit("workspace:items:write")
@takes_if_match
@items.arguments(ItemChange)
@items.response(200, Item)
def change(change: dict[str, Any], item_id: UUID) -> Response:
    """Confirm, discard or edit an item, and decide its suggestions

    All of it or nothing. An action that the item's status does not allow gives 409
    `invalid_state_transition` with `current_status` and `allowed_actions`.

    An item whose page could not be read (`failed`) can be confirmed with what you gave; `error`
    still says why. So can one that is `enriching`, once an attempt has failed or ten seconds have
    passed: what is found later fills what is still empty.

    A link may get another address (`source_url`): its page is read, and what was found on the
    former one is kept until then. If another item has the page, the answer is 409 `page_exists`
    with `duplicate_of`, unless `allow_duplicate` is true.
    """
    mine = {"id": item_id, "workspace_id": caller().workspace_id}
    with transaction() as conn:
        changing.hold(conn, item_id, change)
        etags.check(lambda: changing.held(conn, mine))
        return answer(changing.change(conn, item_id, change))


@items.post("/<uuid:item_id>/retry")
@permit("workspace:items:write")
@idempotent
@items.response(200, Item)
def retry(item_id: UUID) -> Response:
    """Enrich a failed item again

    A confirmed item with an `error` is enriched again too, and stays confirmed. Any other gives 400
    `invalid_state`.
    """
    with transaction() as conn:
        return answer(changing.again(conn, item_id, "retry"))


@items.post("/<uuid:item_id>/fetch")
@permit("workspace:items:write")
@idempotent
@items.response(200, Item)
def fetch(item_id: UUID) -> Response:
    """Read the page of a link again

    Content, language, author and date become the page's, and so do title and summary where no
    person wrote them; what the content was before is in the timeline. If the page cannot be read,
    everything stays, and `error` says why. A confirmed item stays confirmed. A note has no page:
    409 `invalid_state_transition`.
    """
    with transaction() as conn:
        return answer(changing.again(conn, item_id, "fetch"))
