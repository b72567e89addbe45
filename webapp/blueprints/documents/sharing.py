"""What sharees of a document or folder may do, and what they are shown of it.

The database decides: statements compare a document's workspace with `home_to_read_document` or
`home_to_change_document` (`migrations/0028-shares.sql`), which find a way through shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.limits import Limit, is_charged, try_charge
from webapp.http.answers import list_page, read_bigint
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection

    View = Callable[..., Response]

_ALLOWS: Final = {
    "view": "reading",
    "write": "reading and editing",
}

# For so long after a download has begun, parts of the file that do not begin with its first byte
# belong to it.
_DOWNLOAD: Final = Limit("download", 1, 3600)


def refused(facts: dict[str, Any]) -> Problem:
    """The response if a share does not allow what its sharee asks for; `level` is what it has."""
    level = facts["level"]
    return Problem(
        403,
        "share_forbids",
        f"This is shared with you at the level `{level}`, which only allows {_ALLOWS[level]}.",
        level=level,
    )


def replayed_within_reach(needed: str) -> Callable[[View], View]:
    """Give a stored response to a repeated request only to callers who may still change the
    document. Goes below `idempotent`."""

    def declare(view: View) -> View:
        def check(document_id: UUID, **_: object) -> None:
            mine = {"id": document_id, "workspace_id": caller().workspace_id}
            with connection() as conn:
                queries.documents.home_to_change(conn, **mine, needed=needed)

        view.before_replay = check  # type: ignore[attr-defined]  # read by idempotent
        return view

    return declare


def timeline(home: UUID, document_id: UUID, arguments: dict[str, Any]) -> Response:
    """The page of a shared document's timeline that the arguments name, without what would say
    more about its workspace: who else acts there, by which requests, and its folders."""
    return list_page(
        arguments,
        read_bigint,
        queries.shares.list_timeline,
        document_id=document_id,
        workspace_id=home,
        actor=caller().actor,
    )


def record_download(document_id: UUID, home: UUID, *, begins: bool) -> None:
    """Write to the audit log that somebody from outside the document's workspace downloads it."""
    with transaction() as conn:
        if is_new_download(conn, document_id, caller().user_id, begins=begins):
            entry = audit.entry("share.downloaded", workspace_id=home, document_id=str(document_id))
            audit.write(conn, entry)


def record_downloads(rows: Sequence[dict[str, Any]], folder_id: UUID | None = None) -> None:
    """The same of documents that are downloaded together: an entry for each of their workspaces,
    with the folder that was asked for, or else with the documents."""
    homes: dict[UUID, list[str]] = {}
    for row in rows:
        homes.setdefault(row["workspace_id"], []).append(str(row["id"]))
    homes.pop(caller().workspace_id, None)
    if not homes:
        return
    with transaction() as conn:
        for home, ids in homes.items():
            what = {"folder_id": str(folder_id)} if folder_id else {"document_ids": ids}
            entry = audit.entry("share.downloaded", workspace_id=home, documents=len(ids), **what)
            audit.write(conn, entry)


def is_new_download(conn: Connection, *of_whom: object, begins: bool) -> bool:
    """Whether a request for a file, or for a part of it, counts as another download.

    It does if the part `begins` with the first byte. Another part belongs to the download that the
    same client began within the last hour, and counts only if there is none.
    """
    is_first = try_charge(conn, (_DOWNLOAD, _DOWNLOAD.key(*of_whom)))
    return begins or is_first


def has_begun(conn: Connection, *of_whom: object) -> bool:
    """Whether a client began a download within the last hour."""
    return is_charged(conn, _DOWNLOAD.key(*of_whom))
