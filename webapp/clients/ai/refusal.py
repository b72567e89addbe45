"""What an AI endpoint's refusal means: ask for less, try again later, or change a setting."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from webapp.clients.ai.contract import AIError
from webapp.clients.http.contract import asks_for_later
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.reading.wording import one_line, shorten

if TYPE_CHECKING:
    from webapp.clients.ai.contract import Origin
    from webapp.clients.ai.endpoint import Reply

_DETAIL = 200  # characters of the provider's own words in a message
_FORMAT_WORDS = re.compile(
    r"response[_ ]?format|json[_ ]?schema|json[_ ]?object|json[_ ]?mode|structured[_ ]?output"
    r"|grammar",
    re.IGNORECASE,
)
# Statuses about the form of the request rather than its content, besides the standard ones.
_TEMPORARY = frozenset({409, 421, 423})
# With the names that the parts of a provider have where it was named.
_ADVICE = {
    301: "redirects; set {url} to where it redirects",
    400: "refused the request; check {model} and {url}",
    401: "does not accept the key; check {key}",
    402: "requires payment; check the account's credit",
    403: "does not allow this; check {key} and its permissions",
    404: "does not know this address or model; check {url} and {model}",
    413: "finds the text too long; choose a model with a larger context",
    429: "is busy or its quota is used up",
}


def lacks_format(reply: Reply) -> bool:
    """Whether the refusal is about `response_format`: 400 by the book, 422 or 5xx elsewhere."""
    return reply.status in {400, 422, 500, 501} and bool(_FORMAT_WORDS.search(_said(reply)))


def lacks_temperature(reply: Reply) -> bool:
    """Whether the model fixes its own temperature, as reasoning models do."""
    return reply.status in {400, 422} and "temperature" in _said(reply).lower()


def error_from(reply: Reply, key: str, origin: Origin) -> AIError:
    """The refusal as the one error workers know, with what to do about it and never the key."""
    status = 301 if 300 <= reply.status < 400 else reply.status
    permanent = not asks_for_later(status) and status not in _TEMPORARY
    advice = _ADVICE.get(status) or (
        "refused the request" if permanent else "has a problem at the moment"
    )
    advice = advice.format(url=origin.url, key=origin.key, model=origin.model)
    message = f"The AI provider {advice} (HTTP {reply.status})."
    # Around keys, some providers quote what they were sent, whole or in part.
    said = "" if status in {301, 401, 403} else one_line(_said(reply))
    if key:
        said = said.replace(key, "***")
    if said:
        message += f" It says: {shorten(said, _DETAIL)}"
    wait = None if permanent else seconds_to_wait(reply.headers)
    return AIError(message, permanent=permanent, retry_after=wait)


def _said(reply: Reply) -> str:
    """The provider's own words: `error.message`, or how the others put it."""
    body = reply.body
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return ""
    error = body.get("error", body.get("detail", body.get("message", "")))
    if isinstance(error, dict):
        error = error.get("message", "")
    return error if isinstance(error, str) else json.dumps(error)
