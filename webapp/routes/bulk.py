"""Changes to several things at once, in one transaction with as many statements as for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Rollback
from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer
from webapp.http.db import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection

    Rows = Callable[..., Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """The statements that change several things of a noun. Each takes a connection, `ids` and
    `workspace_id`.

    hold   locks what the change needs besides, if that is anything; takes only a connection
    lock   those that are the workspace's, with their status, locked until the transaction ends
    act    `action`: makes a transition of those whose status allows it; returns them
    tag    `names`: attaches tags
    untag  `names`: removes tags
    edit   `payload`, and what `change` is given besides: records an edit
    """

    lock: Rows
    act: Rows
    tag: Callable[..., Any]
    untag: Callable[..., Any]
    edit: Callable[..., Any]
    hold: Callable[[Connection], None] | None = None

    def change(self, change: dict[str, Any], **edits: Any) -> Response:
        """Change the things with `ids` as `action`, `add_tags` and `remove_tags` say, and edit them
        with `edits`, which may change more; those whose status does not allow it are left as they
        are. Discarded ones cannot be edited."""
        mine = {"workspace_id": caller().workspace_id}
        ids = distinct(change["ids"])
        added, removed = change["add_tags"], change["remove_tags"]
        fields = [
            name
            for name, value in change.items()
            if name not in ("ids", "action") and value != []  # no tags change nothing
        ]
        with transaction() as conn, conn.transaction():
            if self.hold is not None:
                self.hold(conn)
            if added:  # before the things, as everywhere
                queries.tags.make(conn, names=added, **mine)
            own = {row["id"]: row["status"] for row in self.lock(conn, ids=ids, **mine)}
            if change["action"] is not None:
                rows = self.act(conn, ids=ids, action=change["action"], **mine)
                done = [row["id"] for row in rows]
            else:
                done = [each for each, status in own.items() if status != "discarded"]
            if done and added:
                self.tag(conn, ids=done, names=added, **mine)
            if done and removed:
                self.untag(conn, ids=done, names=removed, **mine)
            if done and fields:
                self.edit(conn, ids=done, payload=Jsonb({"fields": fields}), **edits, **mine)
            if not done:
                raise Rollback  # new tags that nothing has
        return results(ids, own, done)


def distinct(ids: Iterable[UUID]) -> list[UUID]:
    """Each id once, in the given order."""
    return list(dict.fromkeys(ids))


def results(ids: Sequence[UUID], own: Iterable[UUID], done: Iterable[UUID]) -> Response:
    """What became of each id, in the given order."""
    own, done = set(own), set(done)

    def result_of(each: UUID) -> str:
        return "done" if each in done else "not_allowed" if each in own else "not_found"

    return answer({"items": [{"id": each, "result": result_of(each)} for each in ids]})
