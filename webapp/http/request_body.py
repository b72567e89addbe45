"""The body of a request, never larger than the settings allow."""

from __future__ import annotations

from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from webapp.http.errors import Problem


def read() -> bytes:
    """The whole body. Raises Problem where it breaks off, and RequestEntityTooLarge before reading
    more than is allowed.

    A body of stated length is refused by its length. One that comes in chunks is cut off by
    werkzeug at the limit without a word, so one that fills the limit counts as too large.
    """
    try:
        body = request.get_data()
    except (ClientDisconnected, ParseException) as error:
        raise Problem(
            400,
            "invalid_body",
            f"The body could not be read to its end: {type(error).__name__}.",
            headers={"Connection": "close"},
        ) from None
    limit = request.max_content_length
    if limit is not None and request.content_length is None and len(body) >= limit:
        raise RequestEntityTooLarge
    return body
