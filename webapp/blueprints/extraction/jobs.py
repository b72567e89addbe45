"""Jobs over HTTP: start, follow, cancel, run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, as_cursor, list_page, read_cursor
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, not_found
from webapp.routes.blueprint import Blueprint
from webapp.routes.bulk import distinct
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import MOST_AT_ONCE, PageArguments
from webapp.schemas.documents.documents import DocumentFilters
from webapp.schemas.extraction.jobs import (
    Job,
    JobArguments,
    JobPage,
    NewJob,
    NewJobs,
    StartedJobs,
)
from webapp.schemas.library.events import EventPage

if TYPE_CHECKING:
    from flask import Response

    from sql.connection import Connection

jobs = Blueprint(
    "jobs", __name__, url_prefix="/api/jobs", description="Runs of a configuration on a document."
)


@jobs.post("")
@permit("workspace:jobs:write")
@idempotent
@jobs.arguments(NewJob)
@jobs.response(201, Job)
def create(new: dict[str, Any]) -> Response:
    """Extract tables and fields from a document

    The job runs in the background, on the version of the document that is current now and with the
    version of the configuration that is named here or active now, whatever becomes current or
    active meanwhile. A draft or a retired configuration may be named, too; a draft is run as it is
    when the job begins.

    409 `document_not_ready` if the document is being read, could not be read or is in the trash;
    409 `no_active_configuration` if none is named and none is active for its category; 422
    `version_mismatch` if the configuration does not have the given version. Only members of the
    document's workspace may start jobs, not those whom it is shared with.
    """
    document_id = new.pop("document_id")
    with transaction() as conn:
        queries.documents.home_to_change(conn, **_mine(document_id), needed="own")
        (began,) = _create(conn, [document_id], **new, skip_running=False, skip_done=False)
        if began["job_id"] is None:
            raise _refused(began)
        job = queries.jobs.get(conn, **_mine(began["job_id"]))
    return answer(job, 201, location=f"/api/jobs/{job['id']}")


@jobs.post("/bulk")
@permit("workspace:jobs:write")
@idempotent
@jobs.arguments(NewJobs)
@jobs.response(200, StartedJobs)
def create_many(new: dict[str, Any]) -> Response:
    """Extract tables and fields from several documents

    Name the documents by `document_ids`, by `folder_id` or by a `filter`: at most 500 at once. If
    there are more, send the same again with `next_cursor` as `cursor`. Each result says whether a
    job was started for the document, and if not, why. A document whose job of the same version of
    the configuration still runs gets no second one, so a call may be repeated.
    """
    wanted = {name: new[name] for name in ("configuration_id", "version", "skip_done")}
    with transaction() as conn:
        ids, next_cursor = _chosen(conn, new)
        queries.bulk.lock(conn, ids=ids, workspace_id=caller().workspace_id)
        began = _create(conn, ids, **wanted, skip_running=True)
    found = {each["document_id"]: each for each in began}
    nothing = {"result": "not_found", "job_id": None}
    results = [{"document_id": each, **nothing, **found.get(each, {})} for each in ids]
    shown = ("document_id", "result", "job_id")
    items = [{name: each[name] for name in shown} for each in results]
    return answer({"items": items, "next_cursor": next_cursor})


@jobs.get("")
@permit("workspace:jobs:read")
@jobs.arguments(JobArguments, location="query")
@jobs.response(200, JobPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List jobs, newest first"""
    ask = queries.jobs.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@jobs.get("/<uuid:job_id>")
@permit("workspace:jobs:read")
@jobs.response(200, Job)
def get(job_id: UUID) -> Response:
    """Show a job, its progress and the fields it found

    A job stays, with what it extracted, until its document or the version of it that was read is
    permanently removed.
    """
    with connection() as conn:
        return answer(queries.jobs.get(conn, **_mine(job_id)))


@jobs.get("/<uuid:job_id>/events")
@permit("workspace:jobs:read")
@jobs.arguments(PageArguments, location="query")
@jobs.response(200, EventPage)
def list_events(arguments: dict[str, Any], job_id: UUID) -> Response:
    """Show a job's timeline, oldest first"""
    with connection() as conn:
        queries.jobs.exists(conn, **_mine(job_id))
    return timeline("job", job_id, arguments)


@jobs.post("/<uuid:job_id>/cancel")
@permit("workspace:jobs:write")
@idempotent
@jobs.response(200, Job)
def cancel(job_id: UUID) -> Response:
    """Cancel a job that has not ended; nothing of it is kept"""
    return _act(job_id, "cancel")


@jobs.post("/<uuid:job_id>/retry")
@permit("workspace:jobs:write")
@idempotent
@jobs.response(200, Job)
def retry(job_id: UUID) -> Response:
    """Run a job again that has failed or was cancelled

    It runs on the same version of the document, with the same version of the configuration. Any
    other job gives 400 `invalid_state`.
    """
    return _act(job_id, "retry")


def _act(job_id: UUID, action: str) -> Response:
    with transaction() as conn:
        queries.jobs.hold_work(conn, **_mine(job_id))
        queries.jobs.act(conn, **_mine(job_id), action=action)
        return answer(queries.jobs.get(conn, **_mine(job_id)))


def _create(conn: Connection, document_ids: list[UUID], **more: Any) -> list[dict[str, Any]]:
    """Start jobs, and say what became of each document. Raises Problem if there is no such
    configuration."""
    who = caller()
    began: list[dict[str, Any]] = queries.jobs.create(
        conn,
        workspace_id=who.workspace_id,
        created_by=who.user_id,
        document_ids=document_ids,
        **more,
    )
    if any(each["result"] == "no_configuration" for each in began):
        raise not_found()
    return began


def _chosen(conn: Connection, new: dict[str, Any]) -> tuple[list[UUID], str | None]:
    """The ids of the documents that are named, at most so many, and the cursor of the next ones."""
    if "document_ids" in new:
        return distinct(new["document_ids"]), None
    filters = new.get("filter")
    if filters is None:
        filters = DocumentFilters().load({"folder_id": str(new["folder_id"]), "recursive": True})
    found = queries.documents.list_of_workspace(
        conn,
        **filters,
        workspace_id=caller().workspace_id,
        shared_by=None,
        after=read_cursor(new["cursor"], UUID),
        limit=MOST_AT_ONCE + 1,
    )
    ids = [each["id"] for each in found[:MOST_AT_ONCE]]
    return ids, as_cursor(str(ids[-1])) if len(found) > MOST_AT_ONCE else None


def _refused(began: dict[str, Any]) -> Problem:
    """Why no job was started for a document."""
    if began["result"] == "document_not_ready":
        status = began["status"]
        return Problem(
            409,
            "document_not_ready",
            f"The document is {status}; jobs start when it is ready.",
            current_status=status,
        )
    if began["result"] == "no_active_configuration":
        return Problem(
            409,
            "no_active_configuration",
            "No configuration is active for the category of this document: name one.",
        )
    version = began["configuration_version"]
    return Problem(
        422,
        "version_mismatch",
        f"The configuration has version {version}.",
        configuration_version=version,
    )


def _mine(some_id: UUID) -> dict[str, UUID]:
    return {"id": some_id, "workspace_id": caller().workspace_id}
