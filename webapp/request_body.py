"""The body of a request, never larger than the settings allow."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge


def read() -> bytes:
    """The whole body. Raises RequestEntityTooLarge before reading more than is allowed.

    A body of stated length is refused by its length. One that comes in chunks is cut off by
    werkzeug at the limit without a word, so one that fills the limit counts as too large.
    """
    body = request.get_data()
    limit = request.max_content_length
    if limit is not None and request.content_length is None and len(body) >= limit:
        raise RequestEntityTooLarge
    return body
