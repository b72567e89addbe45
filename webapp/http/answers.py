"""Responses of handlers: rows as JSON, and paged lists."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from flask import Response

from webapp.http.db import connection
from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Row = dict[str, Any]
    Key = TypeVar("Key")


def answer(body: Row, status: int = 200, *, location: str | None = None) -> Response:
    """A row as a response: its columns in their order, times in UTC with Z."""
    response = Response(as_json(body), status=status, mimetype="application/json")
    if location is not None:
        response.headers["Location"] = location
    return response


def as_json(body: Row) -> bytes:
    """A row as bytes."""
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


def page(rows: Sequence[Row], limit: int, **more: Any) -> Response:
    """One page of a list. The query was given `limit + 1`: an extra row means that there is a next
    page, which begins after the `position` of the last row sent, or its `id`."""
    sent = rows[:limit]
    positions = [row.pop("position") if "position" in row else row["id"] for row in sent]
    last = str(positions[-1]) if len(rows) > limit else None
    return answer({"items": sent, "next_cursor": as_cursor(last), **more})


def as_cursor(position: str | None) -> str | None:
    """The cursor of the page after a position; None for None."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=") if position else None


def list_page(
    arguments: Row,
    key: Callable[[str], Key],
    ask: Callable[..., Sequence[Row]],
    **more: Any,
) -> Response:
    """The page of a list selected by `limit` and `cursor` of the arguments.

    `ask` is a query; it gets the other arguments, `more`, `limit`, and `after`: the key of the last
    row before the page, which `key` makes from that row's `id`.
    """
    wanted = {name: value for name, value in arguments.items() if name not in ("cursor", "limit")}
    after = read_cursor(arguments["cursor"], key)
    limit = arguments["limit"]
    with connection() as conn:
        return page(ask(conn, **wanted, **more, after=after, limit=limit + 1), limit)


def read_cursor(cursor: str | None, key: Callable[[str], Key]) -> Key | None:
    """The id in a cursor, read by its constructor. Raises Problem 400 `invalid_cursor`."""
    if cursor is None:
        return None
    try:
        return key(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, binascii.Error):
        raise Problem(
            400, "invalid_cursor", "The cursor is not valid; send next_cursor unchanged."
        ) from None


def read_position(text: str) -> str:
    """A position in a list that is sorted by text. Raises ValueError for an impossible one."""
    if "\0" in text:  # texts in the database contain none
        raise ValueError(text)
    return text


def read_bigint(digits: str) -> int:
    """A number that identifies a row. Raises ValueError for an impossible one."""
    number = int(digits)
    if not 0 <= number < 2**63:
        raise ValueError(number)
    return number
