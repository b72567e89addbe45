"""The AI provider that speaks OpenAI's chat completions."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from webapp.clients.ai.address import checked_key, endpoint_url
from webapp.clients.ai.contract import (
    DEFAULT_TIMEOUT,
    SETTINGS,
    TITLE_LIMIT,
    AIError,
    Description,
    Enrichment,
    Known,
)
from webapp.clients.ai.prompts import (
    DESCRIPTION_FORMATS,
    DESCRIPTION_PROMPT,
    ENRICHMENT_FORMATS,
    ENRICHMENT_PROMPT,
)
from webapp.clients.http.allowance import Allowance
from webapp.reading.wording import clean, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from webapp.clients.ai.contract import Origin
    from webapp.clients.ai.endpoint import Endpoint, Reply
    from webapp.clients.public.gate import Gate

# About 3,000 tokens of English: enough to know what a text is about, and it fits every model.
TEXT_SENT: Final = 12_000
_TEXT_HEAD = 9_000
_GAP = "\n[…]\n"
# The most of the user's tags and other names that are shown to the model; the most important come
# first.
_NAMES_SENT = 200


class ChatProvider:
    """Any endpoint that speaks OpenAI's chat completions.

    Connects at the first call, so that it can be created before a fork. It remembers what the
    endpoint does not support (`response_format`, `temperature`) and does not ask for it again. Its
    errors say which model was asked, where, and who named it.
    """

    source: ClassVar[str] = "ai"

    def __init__(
        self,
        url: str,
        key: str | None,
        model: str | None,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        origin: Origin = SETTINGS,
        gate: Gate | None = None,
    ) -> None:
        self._url = endpoint_url(url, "/chat/completions", origin)
        self._key = checked_key(key, origin)
        self._model = one_line(model or "")
        if not self._model:
            raise ValueError(
                f"{origin.url} also needs {origin.model}, the name of the model to ask."
            )
        self._origin = origin
        self._gate = gate
        if not timeout > 0:
            raise ValueError("The AI timeout must be more than 0 seconds.")
        self._timeout = timeout
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None
        self._closed = False
        self._format = 0
        self._temperature = True

    def __repr__(self) -> str:
        return f"ChatProvider({urlsplit(self._url).hostname!r}, model={self._model!r})"

    def enrich(
        self, text: str, *, title: str | None = None, known_tags: Sequence[str] = ()
    ) -> Enrichment:
        """Ask the model. All requests of one call together take at most `timeout` seconds.

        Of a text over 12,000 characters, the first 9,000 and the last are sent, with the gap
        marked. Raises AIError: `permanent` if only another setting or another text can help.
        """
        from webapp.clients.ai.answer import enrichment_from

        messages = [
            {"role": "system", "content": ENRICHMENT_PROMPT},
            {"role": "user", "content": _material(text, title, known_tags=known_tags)},
        ]
        with self._errors_named():
            reply = self._ask(messages, ENRICHMENT_FORMATS, Allowance(self._timeout))
            return enrichment_from(reply.body, known_tags)

    def describe(
        self, text: str, *, name: str, title: str | None = None, known: Known | None = None
    ) -> Description:
        """Ask the model about a document, as `enrich` does. Raises AIError."""
        from webapp.clients.ai.answer import description_from

        known = known or Known()
        named = {
            "known_categories": known.categories,
            "known_correspondents": known.correspondents,
            "known_tags": known.tags,
        }
        messages = [
            {"role": "system", "content": DESCRIPTION_PROMPT},
            {"role": "user", "content": _material(text, title, name=name, **named)},
        ]
        with self._errors_named():
            reply = self._ask(messages, DESCRIPTION_FORMATS, Allowance(self._timeout))
            return description_from(reply.body, known)

    def close(self) -> None:
        """Close the connections. A later `enrich` raises RuntimeError."""
        with self._lock:
            self._closed = True
            endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            endpoint.close()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Whoever reads the error may have named none of several providers that could be meant."""
        try:
            yield
        except AIError as error:
            host = urlsplit(self._url).hostname
            raise AIError(
                f"{error} It is {self._model!r} at {host}, {self._origin.said}.",
                permanent=error.permanent,
                retry_after=error.retry_after,
            ) from None

    def _ask(
        self,
        messages: Sequence[Mapping[str, str]],
        formats: Sequence[Mapping[str, object]],
        allowance: Allowance,
    ) -> Reply:
        """The first good answer, asking for less each time the endpoint says it does not support
        something."""
        from webapp.clients.ai.refusal import error_from, lacks_format, lacks_temperature

        endpoint = self._connected()
        while True:
            # Read once: another thread may learn something while this one waits.
            asked, with_temperature = self._format, self._temperature
            request: dict[str, object] = {"model": self._model, "messages": messages}
            request |= formats[asked]
            if with_temperature:
                request["temperature"] = 0
            body = json.dumps(request, ensure_ascii=False).encode()
            reply = endpoint.post(body, allowance)
            if reply.good:
                return reply
            if with_temperature and lacks_temperature(reply):
                self._temperature = False
            elif asked + 1 < len(formats) and lacks_format(reply):
                self._format = max(self._format, asked + 1)
            else:
                raise error_from(reply, self._key, self._origin)

    def _connected(self) -> Endpoint:
        from webapp.clients.ai.endpoint import Endpoint

        with self._lock:
            if self._closed:
                raise RuntimeError("This AI provider was closed.")
            if self._endpoint is None:
                self._endpoint = Endpoint(self._url, self._key, self._origin, self._gate)
            return self._endpoint


def _material(text: str, title: str | None, *, name: str = "", **known: Sequence[str]) -> str:
    """The user message: JSON, since no text can close a JSON string and step out of it."""
    text = clean(text).strip()
    if len(text) > TEXT_SENT:
        head = shorten(text[:_TEXT_HEAD], _TEXT_HEAD - 1, mark="")
        tail = text[len(head) - TEXT_SENT + len(_GAP) :]
        # The end of a text often sums it up; it begins at a word.
        text = head + _GAP + tail[tail.find(" ", 0, 100) + 1 :]
    material: dict[str, object] = {}
    for key, given in (("title", title), ("name", name)):
        if given and (line := shorten(one_line(given), 3 * TITLE_LIMIT)):
            material[key] = line
    for key, names in known.items():
        material[key] = [line for line in map(one_line, names) if line][:_NAMES_SENT]
    return json.dumps(material | {"text": text}, ensure_ascii=False)
