"""Rows of exports, read batch by batch, on a connection that is only held for a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.exporting.bookmarks import bookmark_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection

    Row = dict[str, Any]

_BATCH: Final = 500


class ExportedRows:
    """Reads what is exported. `connection` gives one for a batch, since a client may take the rows
    slowly."""

    def __init__(self, connection: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connection = connection

    def of(self, ask: Callable[..., Sequence[Row]], **mine: Any) -> Iterator[Row]:
        """All rows of a query, which takes `after` and `limit`."""
        after = None
        while True:
            with self._connection() as conn:
                rows = ask(conn, **mine, after=after, limit=_BATCH)
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1]["id"]

    def bookmarks(self, workspace_id: UUID) -> Iterator[str]:
        """The parts of a workspace's bookmark file: its links that are not discarded, in their
        folders."""
        with self._connection() as conn:
            folders = queries.exports.folders(conn, workspace_id=workspace_id)
        in_none = self.of(queries.exports.links, workspace_id=workspace_id)

        def within(some: Sequence[Row]) -> Iterator[Row]:
            return self._links_within(some, workspace_id)

        return bookmark_file(folders, in_none, within)

    def _links_within(self, folders: Sequence[Row], workspace_id: UUID) -> Iterator[Row]:
        """The links in some folders, in their order: of as many folders at once as make a batch."""
        ids: list[UUID] = []
        items = 0
        for folder in folders:
            if items + folder["items"] > _BATCH and ids:
                yield from self._links_of(ids, workspace_id)
                ids, items = [], 0
            if folder["items"]:
                ids.append(folder["id"])
                items += folder["items"]
        yield from self._links_of(ids, workspace_id)

    def _links_of(self, ids: list[UUID], workspace_id: UUID) -> Iterator[Row]:
        after = None
        while ids:
            with self._connection() as conn:
                rows = queries.exports.links_within(
                    conn, folder_ids=ids, after=after, limit=_BATCH, workspace_id=workspace_id
                )
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1]["id"]
            ids = ids[ids.index(rows[-1]["folder_id"]) :]
