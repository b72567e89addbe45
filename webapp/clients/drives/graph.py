"""OneDrive, by Microsoft Graph.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from webapp.clients.drives.answers import errors_of, refusal
from webapp.clients.drives.contract import (
    Download,
    DriveError,
    Entry,
    Listing,
    is_name,
    segments_of,
)
from webapp.clients.drives.rest import (
    SECONDS,
    STEP,
    TRANSFER_SECONDS,
    Rest,
    moment_in,
    number_in,
    send_in_pieces,
    text_in,
)
from webapp.clients.http.allowance import Allowance
from webapp.clients.public.client import PublicClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webapp.clients.drives.contract import Code
    from webapp.clients.drives.rest import Json, Token
    from webapp.clients.http.contract import Answer
    from webapp.clients.public.gate import Gate

BASE: Final = "https://graph.microsoft.com/v1.0"
_DRIVE: Final = "OneDrive"
# Larger files have to be sent in pieces.
_MOST_AT_ONCE: Final = 4_000_000
_FIELDS: Final = "id,name,size,file,folder,cTag,eTag,lastModifiedDateTime"
_FAIL: Final = {"@microsoft.graph.conflictBehavior": "fail"}
_CODES: Final[dict[str, tuple[Code, str]]] = {
    "nameAlreadyExists": ("exists", "already has a file with this name"),
    "quotaLimitReached": ("full", "has no space left"),
    "activityLimitReached": ("unavailable", "asks us to wait"),
    "serviceNotAvailable": ("unavailable", "is not available"),
}


class OneDrive:
    """A user's OneDrive, for whom `token` gives access tokens.

    Downloads and large uploads go to addresses that Graph gives, which are secrets themselves: they
    get no token, and are called like any address that is not the operator's, through `gate`.
    """

    def __init__(self, token: Token, gate: Gate, *, base: str = BASE) -> None:
        self._rest = Rest(_DRIVE, token, _meaning)
        self._elsewhere = PublicClient(gate)
        self._base = base

    def account(self) -> str | None:
        """The user's address, or else the name."""
        found, _ = self._rest.ask("GET", f"{self._base}/me/drive", {"$select": "owner"})
        owner = found.get("owner")
        user = owner.get("user") if isinstance(owner, dict) else None
        if not isinstance(user, dict):
            return None
        return (text_in(user, "email") or text_in(user, "displayName"))[:255] or None

    def check(self) -> None:
        self.list_folder("", limit=1)

    def list_folder(self, path: str, *, limit: int, cursor: str | None = None) -> Listing:
        query = {"$top": str(limit), "$select": _FIELDS, "$orderby": "name"}
        found, _ = self._rest.ask(
            "GET",
            self._item(path, "children"),
            query | ({"$skiptoken": cursor} if cursor else {}),
        )
        values = found.get("value")
        entries = [
            entry
            for each in (values if isinstance(values, list) else [])
            if isinstance(each, dict) and (entry := _entry(path, each)) is not None
        ]
        return Listing(entries, _skip_token(text_in(found, "@odata.nextLink")))

    @contextmanager
    def open(self, path: str) -> Iterator[Download]:
        found, _ = self._rest.ask("GET", self._item(path), {"$select": _FIELDS})
        if not isinstance(found.get("file"), dict):
            raise DriveError(f"{_DRIVE} has no such file.", code="not_found")
        allowance = Allowance(TRANSFER_SECONDS, step=STEP)
        with self._rest.stream(
            "GET", self._item(path, "content"), expected=(302,), allowance=allowance
        ) as response:
            place = response.headers.get("location", "")
        with (
            errors_of(_DRIVE),
            self._elsewhere.stream("GET", place, allowance) as response,
        ):
            if response.status_code != 200:
                raise _elsewhere(response.status_code, response.headers)
            name = path.rpartition("/")[2]
            yield Download(name, response.iter_raw(), number_in(found, "size"))

    def find(self, folder: str, name: str) -> Entry | None:
        path = _below(folder, name)
        try:
            found, _ = self._rest.ask("GET", self._item(path), {"$select": _FIELDS})
        except DriveError as error:
            if error.code == "not_found":
                return None
            raise
        return _entry(folder, found)

    def upload(
        self,
        folder: str,
        name: str,
        length: int,
        chunks: Iterable[bytes],
        *,
        key: str,  # noqa: ARG002 -- nothing is visible before it is complete
    ) -> Entry:
        _below(folder, name)
        # By the folder's id: by path, Graph would make folders that are not there.
        parent, _ = self._rest.ask("GET", self._item(folder), {"$select": "id,folder"})
        place = f"{self._base}/me/drive/items/{quote(text_in(parent, 'id'), safe='')}"
        place = f"{place}:/{quote(name, safe='')}:"
        if length <= _MOST_AT_ONCE:
            content = b"".join(chunks)
            headers = {"Content-Type": "application/octet-stream"}
            found, _ = self._rest.ask(
                "PUT", f"{place}/content", _FAIL, body=content, headers=headers
            )
        else:
            item = {"item": {**_FAIL, "name": name}}
            begun, _ = self._rest.ask("POST", f"{place}/createUploadSession", body=item)
            session = _Session(self._elsewhere, text_in(begun, "uploadUrl"))
            found = send_in_pieces(_DRIVE, session, length, chunks, _meaning)
        entry = _entry(folder, found)
        if entry is None:
            raise DriveError(f"{_DRIVE} did not answer as it should.", code="invalid_answer")
        return entry

    def close(self) -> None:
        self._rest.close()
        self._elsewhere.close()

    def _item(self, path: str, what: str = "") -> str:
        names = segments_of(path)
        inner = ":/" + "/".join(quote(name, safe="") for name in names) if names else ""
        after = (":" if names else "") + f"/{what}" if what else ""
        return f"{self._base}/me/drive/root{inner}{after}"


class _Session:
    """An upload in pieces, to an address that is the secret that allows it."""

    def __init__(self, client: PublicClient, place: str) -> None:
        self._client = client
        self._place = place

    def put(self, piece: bytes, start: int, total: int) -> Answer:
        end = start + len(piece) - 1
        headers = {
            "Content-Range": f"bytes {start}-{end}/{total}",
            "Content-Length": str(len(piece)),
        }
        with errors_of(_DRIVE):
            allowance = Allowance(TRANSFER_SECONDS, step=STEP)
            return self._client.call("PUT", self._place, allowance, headers=headers, content=piece)

    def received(self, answer: Answer) -> int | None:
        data = answer.json()
        ranges = data.get("nextExpectedRanges") if isinstance(data, dict) else None
        if not isinstance(ranges, list) or not ranges:
            return None
        said = re.match(r"([0-9]{1,18})-?", str(ranges[0]))
        return int(said[1]) if said else None

    def ask(self, total: int) -> Answer:  # noqa: ARG002
        with errors_of(_DRIVE):
            answer = self._client.call("GET", self._place, Allowance(SECONDS))
        if answer.status == 200 and self.received(answer) is not None:
            return type(answer)(202, answer.headers, answer.body)  # not complete
        return answer

    def cancel(self) -> None:
        with errors_of(_DRIVE):
            self._client.call("DELETE", self._place, Allowance(SECONDS))


def _below(folder: str, name: str) -> str:
    if not is_name(name):
        raise DriveError("This is not a valid name on the drive.", code="invalid_path")
    return f"{folder}/{name}" if folder else name


def _skip_token(link: str) -> str | None:
    """Only the token of the address of the next part: the rest of it we know."""
    try:
        found = parse_qs(urlsplit(link).query).get("$skiptoken")
    except ValueError:
        return None
    return found[0] if found else None


def _entry(folder: str, found: Json) -> Entry | None:
    """A file or folder; None for what is neither, such as a notebook."""
    name = text_in(found, "name")
    is_folder = isinstance(found.get("folder"), dict)
    if not is_name(name) or not (is_folder or isinstance(found.get("file"), dict)):
        return None
    return Entry(
        path=_below(folder, name),
        name=name,
        is_folder=is_folder,
        id=text_in(found, "id") or _below(folder, name),
        etag=text_in(found, "cTag") or text_in(found, "eTag"),
        bytes=None if is_folder else number_in(found, "size"),
        modified_at=moment_in(found, "lastModifiedDateTime"),
    )


def _elsewhere(status: int, headers: Any) -> DriveError:
    """The error for an address that Graph gave, and that is no longer valid: another will be."""
    if status in (401, 403, 404):
        return DriveError(f"{_DRIVE} withdrew the address of the file.", code="unavailable")
    return refusal(_DRIVE, status, headers)


def _meaning(status: int, data: Json) -> DriveError | None:  # noqa: ARG001
    error = data.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, str) and code in _CODES:
        meant, said = _CODES[code]
        return DriveError(f"{_DRIVE} {said}.", code=meant)
    return None
