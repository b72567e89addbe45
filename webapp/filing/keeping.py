"""Makes documents of files that are in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Owner, Received


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a new document besides its file."""

    name: str
    title: str | None = None
    folder_id: UUID | None = None
    category: str | None = None
    tags: Sequence[str] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The document that has the file. `trashed` are documents in the trash with the same one."""

    document_id: UUID
    is_duplicate: bool
    trashed: Sequence[UUID] = ()


def keep(
    conn: Connection,
    file: Received,
    owner: Owner,
    about: About,
    *,
    may_be_second: bool = False,
) -> Kept:
    """Make a document of a file, in the open transaction; or find the one that already has it,
    unless it `may_be_second`. The file of a duplicate is not used.

    Raises psycopg.errors.CheckViolation if it does not fit the quota.
    """
    mine = {"workspace_id": owner.workspace_id}
    queries.documents.hold_file(conn, sha256=file.sha256, **mine)
    same = queries.documents.find_file(conn, sha256=file.sha256, **mine)
    standing = [each["id"] for each in same if each["status"] != "discarded"]
    if standing and not may_be_second:
        return Kept(standing[0], is_duplicate=True)
    queries.objects.store(conn, id=file.object_id, bytes=file.length, sha256=file.sha256)
    if about.tags:
        queries.tags.make(conn, **mine, names=about.tags)
    queries.documents.create(
        conn,
        **mine,
        id=file.document_id,
        object_id=file.object_id,
        created_by=owner.user_id,
        folder_id=about.folder_id,
        name=about.name,
        title=about.title,
        category=about.category,
        media_type=file.media.type,
        kind=file.media.kind,
        bytes=file.length,
        sha256=file.sha256,
        metadata=Jsonb(about.metadata),
        expires_at=about.expires_at,
    )
    if about.tags:
        queries.documents.tag(conn, **mine, document_ids=[file.document_id], names=about.tags)
    trashed = [each["id"] for each in same if each["status"] == "discarded"]
    return Kept(file.document_id, is_duplicate=False, trashed=trashed)
