"""Pinata, by its present API (v3) or its older one.

Metadata is uploaded as a file like a picture: Pinata would write JSON that it understands in its
own way, and the bytes would have another CID.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError, asks_for_later
from webapp.clients.http.late import http_client
from webapp.clients.http.multipart import form_with_file
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.clients.ipfs.cid import standard_form
from webapp.clients.ipfs.contract import AnotherCid, IpfsError

if TYPE_CHECKING:
    from webapp.clients.http.contract import Answer
    from webapp.clients.ipfs.cid import Profile
    from webapp.clients.ipfs.contract import File

# Seconds for one file.
_SECONDS: Final = 90.0


class Pinata:
    """An account at Pinata."""

    service: ClassVar[str] = "pinata"

    def __init__(self, url: str, jwt: str, profile: Profile) -> None:
        """`url` is where to upload to, which says by which API."""
        self._url = url
        self._is_older = "/pinning/" in url
        self._version = profile.version
        self._http = http_client({"Authorization": f"Bearer {jwt}"})

    def __repr__(self) -> str:
        return f"Pinata({self._url!r})"

    def store(self, file: File) -> None:
        content_type, body = form_with_file(
            file.name, file.media_type, file.data, self._fields(file.name)
        )
        try:
            answer = self._http().call(
                "POST",
                self._url,
                Allowance(_SECONDS),
                headers={"Content-Type": content_type},
                content=body,
            )
        except CallError as error:
            raise IpfsError(f"Pinata {error.what}.") from None
        if answer.status not in (200, 201):
            raise _refusal(answer)
        made = self._cid_in(answer.json())
        if made is None:
            raise IpfsError("Pinata has answered without a CID.")
        if standard_form(made) != file.cid:
            raise AnotherCid("Pinata", file.cid, made)

    def close(self) -> None:
        self._http.close()

    def _fields(self, name: str) -> dict[str, str]:
        if not self._is_older:
            return {"network": "public", "name": name, "cid_version": f"v{self._version}"}
        return {
            "pinataOptions": json.dumps({"cidVersion": self._version}),
            "pinataMetadata": json.dumps({"name": name}),
        }

    def _cid_in(self, said: Any) -> str | None:
        """The CID in an answer. The present API wraps it; a file that was there before looks like a
        new one."""
        if not isinstance(said, dict):
            return None
        if self._is_older:
            made = said.get("IpfsHash")
        else:
            data = said.get("data")
            made = data.get("cid") if isinstance(data, dict) else None
        return made if isinstance(made, str) else None


def _refusal(answer: Answer) -> IpfsError:
    if answer.status == 429:
        return IpfsError(
            "Pinata wants fewer files a minute.",
            retry_after=seconds_to_wait(answer.headers) or 60.0,
            slows_down=True,
        )
    if answer.status in (401, 403):
        return IpfsError(f"Pinata does not accept PINATA_JWT: {_said(answer)}")
    is_for_now = asks_for_later(answer.status) or answer.status == 402
    return IpfsError(
        f"Pinata has not stored the file (status {answer.status}): {_said(answer)}",
        permanent=not is_for_now,
        retry_after=seconds_to_wait(answer.headers),
    )


def _said(answer: Answer) -> str:
    """The reason in an answer, in any of the forms that it has."""
    said = answer.json()
    error = said.get("error", said) if isinstance(said, dict) else said
    if isinstance(error, dict):
        error = error.get("details") or error.get("reason") or error.get("message")
    return str(error)[:200] if isinstance(error, str) else "it does not say why."
