"""Pictures by a server that the operator names, with OpenAI's images API."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urljoin, urlsplit

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError, asks_for_later
from webapp.clients.http.late import http_client
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.clients.images.contract import (
    MOST_BYTES,
    Answer,
    Ended,
    ImageError,
    Made,
    Refused,
    Wanted,
)
from webapp.clients.images.pictures import NotAPicture
from webapp.clients.images.refusals import is_refusal

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.clients.http import contract
    from webapp.clients.images.pictures import Pictures

# Seconds for one picture. A small server takes a while.
_SECONDS: Final = 110.0
_SAID: Final = 300


class SelfHosted:
    """The server at `url`. It answers with the picture at once, so an answer that nobody heard is
    lost, and the picture is made again."""

    service: ClassVar[str] = "self_hosted"
    is_paid: ClassVar[bool] = True
    settles: float = 0.0

    def __init__(self, url: str, key: str | None, model: str | None, pictures: Pictures) -> None:
        self._url = url.rstrip("/").removesuffix("/images/generations") + "/images/generations"
        self._model = model
        self._pictures = pictures
        self._names_format = True
        self._http = http_client({"Authorization": f"Bearer {key}"} if key else {})

    def __repr__(self) -> str:
        return f"SelfHosted({urlsplit(self._url).hostname!r}, model={self._model!r})"

    def begin(self, wanted: Wanted) -> Answer:
        allowance = Allowance(_SECONDS)
        answer = self._ask(wanted.prompt, allowance)
        if answer.status == 400 and self._names_format and "response_format" in _said(answer):
            self._names_format = False  # some models always answer in this form and refuse its name
            answer = self._ask(wanted.prompt, allowance)
        if answer.status != 200:
            said = _said(answer)
            if answer.status in (400, 403, 422) and is_refusal(said):
                return Refused(said)
            raise _error(answer, said)
        found = _first_in(answer.json())
        if found is None:
            return Refused("The server has made no picture of it, and does not say why.")
        try:
            return Made(self._pictures.checked(self._bytes_of(found, allowance)))
        except NotAPicture as error:
            return Refused(str(error)) if error.is_black else Ended(str(error))

    def look(self, name: str) -> Answer:
        raise NotImplementedError(name)  # nothing has a name there

    def find(self, wanted: Wanted, since: datetime) -> str | None:  # noqa: ARG002
        return None

    def close(self) -> None:
        self._http.close()

    def _ask(self, prompt: str, allowance: Allowance) -> contract.Answer:
        asked: dict[str, Any] = {"prompt": prompt, "n": 1, "size": "1024x1024"}
        if self._model:
            asked["model"] = self._model
        if self._names_format:
            asked["response_format"] = "b64_json"
        headers = {"Content-Type": "application/json"}
        body = json.dumps(asked).encode()
        return self._call("POST", self._url, allowance, headers, body)

    def _bytes_of(self, found: dict[str, Any], allowance: Allowance) -> bytes:
        encoded, address = found.get("b64_json"), found.get("url")
        if isinstance(encoded, str):
            try:
                return base64.b64decode(encoded, validate=True)
            except ValueError:  # also of letters that are no base 64
                return b""
        if not isinstance(address, str):
            return b""
        address = urljoin(self._url, address)
        if urlsplit(address)[:2] != urlsplit(self._url)[:2]:
            raise ImageError("The server names a picture at another server.")
        answer = self._call("GET", address, allowance)
        if answer.status != 200:
            raise ImageError(f"The server does not send the picture (status {answer.status}).")
        return answer.body

    def _call(
        self,
        method: str,
        url: str,
        allowance: Allowance,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> contract.Answer:
        try:
            return self._http().call(
                *(method, url, allowance), headers=headers, content=body, most=MOST_BYTES * 2
            )
        except CallError as error:
            raise ImageError(f"The server of pictures {error.what}.") from None


def _first_in(said: Any) -> dict[str, Any] | None:
    data = said.get("data") if isinstance(said, dict) else None
    first = data[0] if isinstance(data, list) and data else None
    return first if isinstance(first, dict) else None


def _said(answer: contract.Answer) -> str:
    """The reason in an answer, with its code."""
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    if isinstance(error, dict):
        error = " ".join(str(error[name]) for name in ("code", "message") if error.get(name))
    return str(error)[:_SAID] if error else "it does not say why."


def _error(answer: contract.Answer, said: str) -> ImageError:
    wait = seconds_to_wait(answer.headers)
    if answer.status == 429:
        return ImageError(
            f"The server of pictures wants fewer requests: {said}",
            retry_after=wait,
            slows_down=True,
        )
    is_for_now = asks_for_later(answer.status) or answer.status in (401, 402, 403)
    return ImageError(
        f"The server of pictures has refused the request (status {answer.status}): {said}",
        permanent=not is_for_now,
        retry_after=wait,
    )
