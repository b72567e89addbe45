"""Lists of tokens, those minted last first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from webapp.http.answers import page, read_cursor
from webapp.http.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Response

    Row = dict[str, Any]
    Place = tuple[datetime, UUID]

# After everything that may be in a list.
_BEGINNING: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


def list_newest(arguments: Row, ask: Callable[..., Sequence[Row]], **more: Any) -> Response:
    """The page of a list selected by `limit` and `cursor` of the arguments. `ask` is a query; it
    gets the other arguments, `more`, `limit`, and when the token before the page was minted, with
    its id."""
    wanted = {name: value for name, value in arguments.items() if name not in ("cursor", "limit")}
    after_time, after_id = read_cursor(arguments["cursor"], read_place) or _BEGINNING
    limit = arguments["limit"]
    after = {"after_time": after_time, "after_id": after_id}
    with connection() as conn:
        return page(ask(conn, **wanted, **more, **after, limit=limit + 1), limit)


def read_place(text: str) -> Place:
    """A time, as the database writes it, and an id. Raises ValueError if the text is not that."""
    moment, _, token = text.rpartition(" ")
    minted_at = datetime.fromisoformat(moment)
    if minted_at.tzinfo is None:
        raise ValueError(text)
    return minted_at, UUID(token)
