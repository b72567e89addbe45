"""The review queue over HTTP: what was suggested for items and documents, and the decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, not_found
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.review import (
    Decisions,
    DocumentSuggestionPage,
    ReviewArguments,
    SuggestionIds,
    SuggestionInReview,
    SuggestionInReviewPage,
)

if TYPE_CHECKING:
    from flask import Response

    from sql.connection import Connection

review = Blueprint(
    "review", __name__, url_prefix="/api", description="Suggestions for items and documents."
)


@review.get("/review")
@permit("workspace:review:read")
@review.arguments(ReviewArguments, location="query")
@review.response(200, SuggestionInReviewPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List the suggestions that await a decision, newest first

    Those for items that are `ready_to_confirm` and for documents that are `ready`, and the tables
    of these that somebody should look at: of the `type` `table`, one entry for a table, with the
    number of its doubtful cells as `label`. To accept one says that it is right as read, to reject
    it that it is no table worth finding; to correct its doubtful cells accepts it as well.
    """
    ask = queries.review.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@review.post("/review/accept")
@permit("workspace:review:write")
@idempotent
@review.arguments(SuggestionIds)
@review.response(200, Decisions)
def accept_many(given: dict[str, Any]) -> Response:
    """Accept several suggestions, all in one transaction

    The items and documents get the values. A suggestion that awaits no decision is left as it is;
    its result is `not_allowed`, and so is a second one for the same field of a document.
    """
    with transaction() as conn:
        return answer(_results(given["ids"], *_decide(conn, given["ids"], "accepted")))


@review.post("/review/reject")
@permit("workspace:review:write")
@idempotent
@review.arguments(SuggestionIds)
@review.response(200, Decisions)
def reject_many(given: dict[str, Any]) -> Response:
    """Reject several suggestions, all in one transaction

    They are not made again.
    """
    with transaction() as conn:
        return answer(_results(given["ids"], *_decide(conn, given["ids"], "rejected")))


@review.post("/review/<uuid:suggestion_id>/accept")
@permit("workspace:review:write")
@idempotent
@review.response(200, SuggestionInReview)
def accept(suggestion_id: UUID) -> Response:
    """Accept a suggestion: the item or the document gets its value

    One that awaits no decision gives 409 `not_pending`.
    """
    return _decide_one(suggestion_id, "accepted")


@review.post("/review/<uuid:suggestion_id>/reject")
@permit("workspace:review:write")
@idempotent
@review.response(200, SuggestionInReview)
def reject(suggestion_id: UUID) -> Response:
    """Reject a suggestion; it is not made again

    One that awaits no decision gives 409 `not_pending`.
    """
    return _decide_one(suggestion_id, "rejected")


@review.get("/documents/<uuid:document_id>/suggestions")
@permit("workspace:documents:read")
@review.arguments(PageArguments, location="query")
@review.response(200, DocumentSuggestionPage)
def list_of_document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """List all suggestions for a document, newest first, with what became of them

    Empty for a document that is shared with the caller: they belong to its workspace.
    """
    mine = {"workspace_id": caller().workspace_id}
    with connection() as conn:
        queries.documents.home(conn, id=document_id, **mine)
    ask = queries.review.list_of_document
    return list_page(arguments, UUID, ask, document_id=document_id, **mine)


def _decide_one(suggestion_id: UUID, status: str) -> Response:
    with transaction() as conn:
        own, done = _decide(conn, [suggestion_id], status)
        if not own:
            raise not_found()
        if not done:
            raise Problem(409, "not_pending", "This suggestion does not await a decision.")
        found = queries.review.get(conn, id=suggestion_id, workspace_id=caller().workspace_id)
        return answer(found)


def _decide(conn: Connection, ids: list[UUID], status: str) -> tuple[set[UUID], set[UUID]]:
    """Decide some suggestions; return those that are the workspace's, and those that were decided.

    Tags are locked first, then the subjects, then the suggestions: so does a `PATCH`.
    """
    mine = {"workspace_id": caller().workspace_id}
    found = {each["id"]: each for each in queries.review.find(conn, ids=ids, **mine)}
    chosen = {_place(found[each]): each for each in reversed(ids) if each in found}
    asked = [found[each] for each in chosen.values()] if status == "accepted" else [*found.values()]
    tags = sorted({each["value"] for each in asked if each["field"] == "tag"})
    if tags and status == "accepted":
        queries.tags.make(conn, names=tags, **mine)
    items = [each["item_id"] for each in asked if each["item_id"]]
    documents = [each["document_id"] for each in asked if each["document_id"]]
    if items:
        queries.library.lock_many(conn, ids=items, **mine)
    if documents:
        queries.review.hold_documents(conn, ids=documents, **mine)
    decided = queries.review.decide(conn, ids=[each["id"] for each in asked], status=status, **mine)
    done = [each["id"] for each in decided]
    if touched := sorted({each["item_id"] for each in decided if each["item_id"]}):
        queries.library.touch_many(
            conn,
            ids=touched,
            payload=Jsonb({"fields": [f"{status}_suggestion_ids"]}),
            is_read=None,
            is_favourite=None,
            **mine,
        )
    if done and status == "accepted":
        queries.review.tag_items(conn, ids=done)
        queries.review.tag_documents(conn, ids=done)
        queries.review.write_documents(conn, ids=done)
    elif done:
        queries.review.reject_for_documents(conn, ids=done)
    if done:
        queries.review.record_for_tables(conn, ids=done)
    return set(found), set(done)


def _place(suggestion: dict[str, Any]) -> tuple[Any, ...]:
    """What only one suggestion can be accepted for."""
    if suggestion["field"] == "tag":
        return (suggestion["id"],)
    return suggestion["document_id"] or suggestion["table_id"], suggestion["field"]


def _results(ids: list[UUID], own: set[UUID], done: set[UUID]) -> dict[str, Any]:
    return {
        "items": [
            {
                "id": each,
                "result": "done" if each in done else "not_allowed" if each in own else "not_found",
            }
            for each in dict.fromkeys(ids)
        ]
    }
