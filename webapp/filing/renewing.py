"""Adds versions to documents, and makes one the current version."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from sql import queries

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Received


def add_version(
    conn: Connection,
    file: Received,
    document: dict[str, UUID],
    *,
    name: str | None,
    created_by: UUID,
    request_id: str | None,
) -> int:
    """Make a file in the store the current version of a document, in the open transaction; its
    number. `document` is its `id` and `workspace_id`. It is locked by then, and so is its reading.

    Raises psycopg.errors.CheckViolation if it does not fit the quota.
    """
    queries.objects.store(conn, id=file.object_id, bytes=file.length, sha256=file.sha256)
    number: int = queries.versions.add(
        conn,
        **document,
        object_id=file.object_id,
        created_by=created_by,
        name=name,
        media_type=file.media.type,
        kind=file.media.kind,
        bytes=file.length,
        sha256=file.sha256,
    )
    make_current(conn, document, number, "document.version_added", request_id)
    return number


def make_current(
    conn: Connection, document: dict[str, UUID], number: int, event: str, request_id: str | None
) -> None:
    """Make a version the current one, which is read again. Raises NoRow if there is none."""
    queries.versions.make_current(conn, **document, number=number)
    # If the document was already being read, its status stays: the reading begins anew.
    queries.outbox.enqueue(
        conn,
        kind="read_documents",
        subject_id=document["id"],
        workspace_id=document["workspace_id"],
        payload=Jsonb({}),
        request_id=request_id,
        traceparent=None,
        delay=timedelta(0),
    )
    record_version(conn, document, number, event)


def record_version(conn: Connection, document: dict[str, UUID], number: int, event: str) -> None:
    """Write what happened to a version into the history of its document."""
    queries.events.record(
        conn,
        workspace_id=document["workspace_id"],
        entity="document",
        entity_id=document["id"],
        event=event,
        payload=Jsonb({"version": number}),
    )
