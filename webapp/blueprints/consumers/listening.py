"""Who listens to changes, and what is new for them, as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.blueprints.consumers.following import Follower, Head, found_in, read_after
from webapp.http.answers import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.access.callers import Caller
    from webapp.blueprints.consumers.following import Found, Position
    from webapp.http.pool import Pool

    Row = dict[str, Any]

# How many changes are read at once for each listener; if there are more, the next second.
MOST: Final = 200

# Seconds to wait for a connection to the database: if there is none, the streams end, and clients
# that come back are told why.
_PATIENCE: Final = 5.0


class Listener:
    """A client that listens, from a position on."""

    def __init__(
        self,
        caller: Caller,
        position: Position,
        names: Sequence[str] | None,
        source: Callable[[Sequence[Listener]], Mapping[Listener, bytes | None]],
    ) -> None:
        self.caller = caller
        self.position = position
        self.names = names
        self.source = source

    @property
    def owner(self) -> UUID:
        """The user."""
        return self.caller.user_id

    @property
    def follower(self) -> Follower:
        """What there is to read for it."""
        me = self.caller
        return Follower(me.workspace_id, me.user_id, self.position, self.names)

    @property
    def heartbeat(self) -> bytes:
        """Nothing but the position, so that a client goes on from there."""
        return f"id: {self.position.cursor}\n\n".encode()


def as_events(found: Found) -> bytes:
    """Changes as server-sent events, each with the position after it as its id."""
    return b"".join(
        b"id: %b\ndata: %b\n\n" % (position.cursor.encode(), as_json(change))
        for change, position in found.changes
    )


class News:
    """What is new for listeners, all at once: three statements, however many there are."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def __call__(self, listeners: Sequence[Listener]) -> dict[Listener, bytes | None]:
        """What to send to each for whom there is something; None to those that may not listen any
        more."""
        with self._pool.connection(_PATIENCE) as conn:
            permitted = self._permitted(conn, listeners)
            head = Head.read(conn)
            reading = [each for each in listeners if each in permitted]
            found = read_after(conn, head, [each.follower for each in reading], MOST)
            rows = {reading[number]: some for number, some in found.items()}
        news: dict[Listener, bytes | None] = {}
        for listener in listeners:
            if listener not in permitted or not head.knows(listener.position):
                news[listener] = None
                continue
            new = found_in(rows.get(listener, ()), head, MOST, MOST)
            listener.position = new.next
            if new.changes:
                news[listener] = as_events(new)
        return news

    def _permitted(self, conn: Connection, listeners: Sequence[Listener]) -> set[Listener]:
        rows = queries.changes.list_permitted(
            conn,
            numbers=list(range(len(listeners))),
            workspace_ids=[each.caller.workspace_id for each in listeners],
            user_ids=[each.caller.user_id for each in listeners],
            session_ids=[each.caller.session_id for each in listeners],
            api_key_ids=[each.caller.api_key_id for each in listeners],
        )
        return {listeners[row["number"]] for row in rows}
