"""What comes back for an address of a user's: neither an error, nor too large, nor compressed in
another way than was asked for.

`what` is what is to be there, as the user calls it: a page or a feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.clients.http.contract import asks_for_later
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.clients.web.contract import FetchError

if TYPE_CHECKING:
    import httpx2

    from webapp.clients.http.allowance import Allowance

# `x-gzip` is `gzip` by RFC 9110.
_ENCODINGS: Final = {
    "": "identity",
    "identity": "identity",
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
    "x-deflate": "deflate",
}
ACCEPTED_ENCODINGS: Final = "gzip, deflate"
# Errors that a retry would only repeat.
FOR_GOOD: Final = frozenset({"certificate", "too_large", "content_encoding"})
_STATUSES: Final = {
    401: "The {what} requires signing in.",
    403: "The site does not let Coffer read the {what}.",
    404: "There is no {what} at this address.",
    410: "The {what} has been removed.",
    429: "The site asks Coffer to come back later.",
}


def check_status(response: httpx2.Response, what: str) -> None:
    """Raise `FetchError` with the rule `status`, or `gone`, unless there is something in the
    answer."""
    status = response.status_code
    if response.is_success:
        return
    later = asks_for_later(status)
    message = _STATUSES.get(status) or (
        "The site has a problem." if status >= 500 else "The site refuses the request."
    )
    raise refusal(
        response,
        f"{message.format(what=what)} (HTTP status {status})",
        what=what,
        rule="gone" if status == 410 else "status",
        permanent=not later,
        retry_after=seconds_to_wait(response.headers) if later else None,
    )


def refusal(
    response: httpx2.Response,
    message: str,
    *,
    what: str,
    rule: str,
    permanent: bool = True,
    retry_after: float | None = None,
) -> FetchError:
    """The error for a response that is not accepted."""
    if response.history:  # otherwise the user would look for the fault in the address they typed
        message = f"The {what} redirects to another address. {message}"
    return FetchError(message, rule=rule, permanent=permanent, retry_after=retry_after)


def body_of(response: httpx2.Response, allowance: Allowance, *, what: str, max_bytes: int) -> bytes:
    """The decompressed body. Raises `FetchError` and `CallError`."""
    # httpx2 passes on what it cannot decode, and decodes twice if told so: neither was requested.
    encoding = _ENCODINGS.get(response.headers.get("content-encoding", "").strip().lower())
    if encoding is None:
        raise refusal(
            response,
            f"The {what} is compressed in a way Coffer cannot read.",
            what=what,
            rule="content_encoding",
        )
    response.headers["content-encoding"] = encoding
    too_large = refusal(
        response,
        f"The {what} is larger than {max_bytes / 1e6:g} MB.",
        what=what,
        rule="too_large",
    )
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise too_large
    body = bytearray()
    for piece in response.iter_bytes():  # decompressed, at most 1 MiB each
        allowance.left()
        if len(body) + len(piece) > max_bytes:
            raise too_large
        body += piece
    return bytes(body)
