"""What an AI endpoint's refusal means: ask for less, try again later, or change a setting."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from webapp.clients.ai import AIError
from webapp.clients.ai_http import Answer
from webapp.reading.wording import one_line, shorten

_LONGEST_WAIT = 24 * 60 * 60.0
_DETAIL = 200  # characters of the provider's own words in a message
_FORMAT_WORDS = re.compile(
    r"response[_ ]?format|json[_ ]?schema|json[_ ]?object|json[_ ]?mode|structured[_ ]?output"
    r"|grammar",
    re.IGNORECASE,
)
_TEMPORARY = frozenset({408, 409, 421, 423, 425, 429})
_ADVICE = {
    301: "redirects; set AI_URL to where it leads",
    400: "refused the request; check AI_MODEL and AI_URL",
    401: "does not accept the key; check AI_KEY",
    402: "wants to be paid; check the account's credit",
    403: "does not allow this; check AI_KEY and what it may use",
    404: "knows no such address or model; check AI_URL and AI_MODEL",
    413: "finds the text too long; choose a model with a larger context as AI_MODEL",
    429: "is busy or its quota is used up",
}


def lacks_format(answer: Answer) -> bool:
    """Whether the refusal is about `response_format`: 400 by the book, 422 or 5xx elsewhere."""
    return answer.status in {400, 422, 500, 501} and bool(_FORMAT_WORDS.search(_said(answer)))


def lacks_temperature(answer: Answer) -> bool:
    """Whether the model fixes its own temperature, as reasoning models do."""
    return answer.status in {400, 422} and "temperature" in _said(answer).lower()


def error_from(answer: Answer, key: str) -> AIError:
    """The refusal as the one error workers know, with what to do about it and never the key."""
    status = 301 if 300 <= answer.status < 400 else answer.status
    permanent = status < 500 and status not in _TEMPORARY
    advice = _ADVICE.get(status) or (
        "refused the request" if permanent else "has a problem of its own at the moment"
    )
    message = f"The AI provider {advice} (HTTP {answer.status})."
    # Around keys, some providers quote what they were sent, whole or in part.
    said = "" if status in {301, 401, 403} else one_line(_said(answer))
    if key:
        said = said.replace(key, "***")
    if said:
        message += f" It says: {shorten(said, _DETAIL)}"
    wait = None if permanent else _wait(answer.headers)
    return AIError(message, permanent=permanent, retry_after=wait)


def _said(answer: Answer) -> str:
    """The provider's own words: `error.message`, or how the others put it."""
    body = answer.body
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return ""
    error = body.get("error", body.get("detail", body.get("message", "")))
    if isinstance(error, dict):
        error = error.get("message", "")
    return error if isinstance(error, str) else json.dumps(error)


def _wait(headers: Mapping[str, str]) -> float | None:
    """The seconds asked for: `retry-after-ms`, or `Retry-After` in seconds or as a date."""
    if re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", text := headers.get("retry-after-ms", "").strip()):
        return min(float(text) / 1000, _LONGEST_WAIT)
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", text):
        return min(float(text), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
