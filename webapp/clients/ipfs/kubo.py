"""A Kubo node, by its RPC API.

It reports some errors after it has begun to answer with 200, in a trailer or in the middle of the
answer. So a file is only stored if the node has named our CID and, asked again, says that it has
pinned it.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import SplitResult, unquote, urlencode, urlsplit, urlunsplit

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.http.late import http_client
from webapp.clients.http.multipart import form_with_file
from webapp.clients.ipfs.cid import standard_form
from webapp.clients.ipfs.contract import AnotherCid, IpfsError

if TYPE_CHECKING:
    from webapp.clients.http.contract import Answer
    from webapp.clients.ipfs.cid import Profile
    from webapp.clients.ipfs.contract import File

# Seconds for one file.
_SECONDS: Final = 90.0


class Kubo:
    """The node at `url`, which may begin with a user and a password."""

    service: ClassVar[str] = "kubo"

    def __init__(self, url: str, profile: Profile) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/").removesuffix("/api/v0")
        self._url = urlunsplit((parts.scheme, host, f"{path}/api/v0/", "", ""))
        # All that decides about the blocks, whatever the node's own configuration says.
        self._import = {
            "cid-version": profile.version,
            "raw-leaves": str(profile.raw_leaves).lower(),
            "chunker": f"size-{profile.chunk}",
            "max-file-links": profile.links,
            "hash": "sha2-256",
            "trickle": "false",
            "inline": "false",
            "wrap-with-directory": "false",
            "pin": "true",
            "quieter": "true",
        }
        self._http = http_client(_authorization(parts))

    def __repr__(self) -> str:
        return f"Kubo({self._url!r})"

    def store(self, file: File) -> None:
        allowance = Allowance(_SECONDS)
        content_type, body = form_with_file(file.name, file.media_type, file.data, {})
        added = self._call("add", self._import, allowance, content_type, body)
        if added.status != 200:
            raise IpfsError(f"The Kubo node has not added the file: {_said(added.json())}")
        lines = _lines(added.body)
        for line in lines:
            if "Message" in line:
                raise IpfsError(f"The Kubo node has not added the file: {_said(line)}")
        made = lines[-1].get("Hash") if lines else None
        if not isinstance(made, str):
            raise IpfsError("The Kubo node has not said that it has added the file.")
        if standard_form(made) != file.cid:
            raise AnotherCid("The Kubo node", file.cid, made)
        pinned = self._call("pin/ls", {"arg": file.cid, "type": "recursive"}, allowance)
        said = pinned.json()
        keys = said.get("Keys") if isinstance(said, dict) else None
        if pinned.status != 200 or not isinstance(keys, dict) or file.cid not in keys:
            raise IpfsError(f"The Kubo node has not pinned the file: {_said(said)}")

    def close(self) -> None:
        self._http.close()

    def _call(
        self,
        method: str,
        arguments: dict[str, Any],
        allowance: Allowance,
        content_type: str = "application/octet-stream",
        body: bytes = b"",
    ) -> Answer:
        url = f"{self._url}{method}?{urlencode(arguments)}"
        headers = {"Content-Type": content_type}
        try:
            return self._http().call("POST", url, allowance, headers=headers, content=body)
        except CallError as error:
            raise IpfsError(f"The Kubo node {error.what}.") from None


def _authorization(parts: SplitResult) -> dict[str, str]:
    """The header for the user and the password in an address."""
    if not parts.username:
        return {}
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


def _lines(body: bytes) -> list[dict[str, Any]]:
    """The objects of an answer, one a line; what is none is left out."""
    found = []
    for line in body.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            found.append(said)
    return found


def _said(said: Any) -> str:
    message = said.get("Message") if isinstance(said, dict) else None
    return str(message)[:200] if message else "it does not say why."
