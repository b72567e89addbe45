"""Pictures by Replicate.

A prediction costs something and has no key by which a repeated request would be recognised. So each
has a seed of its own, by which one whose name nobody heard is found in the list of predictions.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.http.late import Late, http_client
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.clients.images.contract import (
    MOST_BYTES,
    Answer,
    Begun,
    Ended,
    ImageError,
    Made,
    Refused,
    Wanted,
)
from webapp.clients.images.pictures import NotAPicture
from webapp.clients.images.refusals import is_refusal
from webapp.clients.public.contract import AddressError
from webapp.clients.public.gate import Gate

if TYPE_CHECKING:
    from webapp.clients.http import contract
    from webapp.clients.images.pictures import Pictures
    from webapp.clients.public.client import PublicClient

# Seconds that Replicate may wait for the picture before it answers; most take less.
_WAIT: Final = 10
# Seconds for one call beyond that, and for a picture to arrive.
_SECONDS: Final = 30.0
# What has not ended by then is ended by Replicate, so that no attempt is under way for ever.
_CANCEL_AFTER: Final = "15m"
# Replicate's clock may be behind ours by so much.
_CLOCKS: Final = timedelta(minutes=2)
# Pages of the list of predictions, of a hundred each, that are looked through at most.
_MOST_PAGES: Final = 50
_SAID: Final = 300
_VERSION: Final = re.compile(r"(?:.*:)?([0-9a-f]{64})")
_NAME: Final = re.compile(r"[0-9a-z]{1,100}")


class Replicate:
    """A model at Replicate, which is `owner/name` or a version of one. Its files are fetched from
    Replicate's own hosts only, through a gate."""

    service: ClassVar[str] = "replicate"
    is_paid: ClassVar[bool] = True
    settles: float = 20.0

    def __init__(
        self,
        token: str,
        model: str,
        pictures: Pictures,
        *,
        base: str = "https://api.replicate.com/v1",
        hosts: tuple[str, ...] = ("replicate.delivery",),
        gate: Gate | None = None,
    ) -> None:
        self._pictures = pictures
        self._base = base
        self._hosts = hosts
        self._gate = gate or Gate()
        found = _VERSION.fullmatch(model)
        self._version = found[1] if found else None
        self._path = "predictions" if found else f"models/{model}/predictions"
        self._http = http_client({"Authorization": f"Bearer {token}"})
        self._files = Late(self._client_of_files)

    def __repr__(self) -> str:
        return f"Replicate({self._path!r})"

    def begin(self, wanted: Wanted) -> Answer:
        asked: dict[str, Any] = {
            "input": {"prompt": wanted.prompt, "seed": wanted.seed, "output_format": "png"}
        }
        if self._version:
            asked["version"] = self._version
        if wanted.report_to:
            asked["webhook"] = wanted.report_to
            asked["webhook_events_filter"] = ["start", "completed"]
        headers = {
            "Content-Type": "application/json",
            "Prefer": f"wait={_WAIT}",
            "Cancel-After": _CANCEL_AFTER,
        }
        answer = self._call("POST", self._path, headers, json.dumps(asked).encode())
        if answer.status not in (200, 201, 202):
            said = _said(answer)
            if answer.status in (400, 422) and is_refusal(said):
                return Refused(said)
            raise _error(answer, said)
        return Begun(_name_in(answer.json()))

    def look(self, name: str) -> Answer:
        answer = self._call("GET", f"predictions/{name}")
        if answer.status == 404:
            return Ended("Replicate does not know this prediction any more.")
        if answer.status != 200:
            raise _error(answer, _said(answer))
        said = answer.json()
        if not isinstance(said, dict):
            raise ImageError("Replicate has answered with something else than a prediction.")
        return self._answer(name, said)

    def find(self, wanted: Wanted, since: datetime) -> str | None:
        path = "predictions"
        for _ in range(_MOST_PAGES):
            answer = self._call("GET", path)
            said = answer.json()
            if answer.status != 200 or not isinstance(said, dict):
                raise _error(answer, _said(answer))
            for each in _objects(said.get("results")):
                asked = each.get("input")
                if isinstance(asked, dict) and (asked.get("prompt"), asked.get("seed")) == (
                    wanted.prompt,
                    wanted.seed,
                ):
                    return _name_in(each)
                if _is_before(each.get("created_at"), since - _CLOCKS):
                    return None
            following = said.get("next")
            if not isinstance(following, str):
                return None
            # The token is only sent to where it belongs.
            if not following.startswith(f"{self._base}/"):
                raise ImageError("Replicate's list goes on elsewhere.")
            path = following.removeprefix(f"{self._base}/")
        return None

    def close(self) -> None:
        self._http.close()
        self._files.close()

    def _answer(self, name: str, said: dict[str, Any]) -> Answer:
        status, error = said.get("status"), str(said.get("error") or "")[:_SAID]
        output = said.get("output")
        first = output[0] if isinstance(output, list) and output else output
        if status in ("starting", "processing") and not first:
            return Begun(name)
        if status in ("starting", "processing", "succeeded", "successful"):
            if said.get("data_removed"):
                return Ended("The picture was there, and Replicate has removed it.")
            if not isinstance(first, str):
                return Refused("Replicate has made no picture of it, and does not say why.")
            return self._made(first)
        if status == "failed":
            return Refused(error) if is_refusal(error) else Ended(error or "It has failed.")
        if status in ("canceled", "aborted"):
            # One that was aborted had not begun, and costs nothing.
            return Ended(f"The prediction was {status}.", is_free=status == "aborted")
        raise ImageError(f"Replicate says that the prediction is {str(status)[:50]!r}.")

    def _made(self, address: str) -> Answer:
        data = _inline(address) if address.startswith("data:") else self._fetched(address)
        if isinstance(data, Ended):
            return data
        try:
            return Made(self._pictures.checked(data))
        except NotAPicture as error:
            return Refused(str(error)) if error.is_black else Ended(str(error))

    def _fetched(self, address: str) -> bytes | Ended:
        if not self._is_theirs(address):
            raise ImageError("Replicate names a picture at a place that is not its own.")
        try:
            answer = self._files().call("GET", address, Allowance(_SECONDS), most=MOST_BYTES)
        except CallError as error:
            raise ImageError(f"The server of Replicate's pictures {error.what}.") from None
        except AddressError as error:
            raise ImageError(str(error)) from None
        if answer.status in (403, 404, 410):
            return Ended("The picture was there, and Replicate has removed it.")
        if answer.status != 200:
            raise ImageError(f"Replicate does not send the picture (status {answer.status}).")
        return answer.body

    def _is_theirs(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:
            return False
        is_encrypted = parts.scheme == "https" or self._gate.allow_loopback
        return is_encrypted and any(f".{host}".endswith(f".{each}") for each in self._hosts)

    def _call(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> contract.Answer:
        try:
            return self._http().call(
                method,
                f"{self._base}/{path}",
                Allowance(_SECONDS + (_WAIT if method == "POST" else 0)),
                headers=headers,
                content=body or None,
                most=MOST_BYTES * 2,
            )
        except CallError as error:
            raise ImageError(f"Replicate {error.what}.") from None

    def _client_of_files(self) -> PublicClient:
        from webapp.clients.public.client import PublicClient

        return PublicClient(self._gate)


def _inline(address: str) -> bytes | Ended:
    """The bytes of an address that contains them."""
    _, _, encoded = address.partition(";base64,")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:  # also of letters that are no base 64
        return Ended("Replicate has sent something else than a picture.")


def _name_in(said: Any) -> str:
    name = said.get("id") if isinstance(said, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ImageError("Replicate has answered without the name of a prediction.")
    return name


def _objects(said: Any) -> list[dict[str, Any]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _is_before(text: Any, moment: datetime) -> bool:
    try:
        return datetime.fromisoformat(text) < moment
    except (TypeError, ValueError):
        return False


def _said(answer: contract.Answer) -> str:
    """The reason in an answer (RFC 7807)."""
    said = answer.json()
    detail = (said.get("detail") or said.get("title")) if isinstance(said, dict) else None
    return str(detail)[:_SAID] if detail else "it does not say why."


def _error(answer: contract.Answer, said: str) -> ImageError:
    if answer.status == 429:
        body = answer.json()
        wait = body.get("retry_after") if isinstance(body, dict) else None
        if not isinstance(wait, int | float) or not 0 < wait <= 3600:
            wait = seconds_to_wait(answer.headers)
        return ImageError(
            f"Replicate wants fewer requests: {said}", retry_after=wait, slows_down=True
        )
    if answer.status == 401:
        return ImageError(f"Replicate does not accept REPLICATE_TOKEN: {said}")
    return ImageError(
        f"Replicate has refused the request (status {answer.status}): {said}",
        permanent=answer.status in (400, 404, 405, 422),
        retry_after=seconds_to_wait(answer.headers),
    )
