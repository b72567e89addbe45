"""Google Drive, by version 3 of its API.

Names are not unique in a folder of Google Drive, so a path is an id. Documents of Google's own have
no bytes: they are fetched as PDF.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from webapp.clients.drives.answers import errors_of
from webapp.clients.drives.contract import Download, DriveError, Entry, Listing, is_name
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
from webapp.clients.http.client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webapp.clients.drives.contract import Code
    from webapp.clients.drives.rest import Json, Token
    from webapp.clients.http.contract import Answer

BASE: Final = "https://www.googleapis.com"
_DRIVE: Final = "Google Drive"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_OWN: Final = "application/vnd.google-apps."
_FOLDER: Final = f"{_OWN}folder"
_AS_PDF: Final = {
    f"{_OWN}{kind}" for kind in ("document", "spreadsheet", "presentation", "drawing")
}
_FIELDS: Final = "id,name,mimeType,size,md5Checksum,modifiedTime,trashed"
_EVERYWHERE: Final = {"supportsAllDrives": "true"}
_REASONS: Final[dict[str, tuple[Code, str]]] = {
    **dict.fromkeys(
        ("rateLimitExceeded", "userRateLimitExceeded", "backendError"),
        ("unavailable", "asks us to wait"),
    ),
    "storageQuotaExceeded": ("full", "has no space left"),
    "exportSizeLimitExceeded": ("too_large", "does not export a document this large"),
}


class GoogleDrive:
    """A user's Google Drive, for whom `token` gives access tokens."""

    def __init__(self, token: Token, *, base: str = BASE) -> None:
        self._rest = Rest(_DRIVE, token, _meaning)
        self._uploads = HttpClient()
        self._base = base
        self._files = f"{base}/drive/v3/files"

    def account(self) -> str | None:
        """The user's address."""
        found, _ = self._rest.ask(
            "GET", f"{self._base}/drive/v3/about", {"fields": "user(emailAddress)"}
        )
        user = found.get("user")
        return text_in(user, "emailAddress")[:255] or None if isinstance(user, dict) else None

    def check(self) -> None:
        self.list_folder("", limit=1)

    def list_folder(self, path: str, *, limit: int, cursor: str | None = None) -> Listing:
        found = self._search(
            f"'{_id(path)}' in parents and trashed = false", limit=limit, cursor=cursor
        )
        entries = [entry for each in _files(found) if (entry := _entry(each)) is not None]
        return Listing(entries, text_in(found, "nextPageToken") or None)

    @contextmanager
    def open(self, path: str) -> Iterator[Download]:
        address = f"{self._files}/{_id(path)}"
        found, _ = self._rest.ask("GET", address, {"fields": _FIELDS, **_EVERYWHERE})
        entry = _entry(found)
        if entry is None or entry.is_folder or found.get("trashed") is True:
            raise DriveError(f"{_DRIVE} has no such file.", code="not_found")
        query = {"alt": "media", **_EVERYWHERE}
        if text_in(found, "mimeType") in _AS_PDF:
            address, query = f"{address}/export", {"mimeType": "application/pdf"}
        allowance = Allowance(TRANSFER_SECONDS, step=STEP)
        with self._rest.stream("GET", address, query, allowance=allowance) as response:
            yield Download(entry.name, response.iter_raw(), entry.bytes)

    def find(self, folder: str, name: str) -> Entry | None:
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        found = self._search(
            f"'{_id(folder)}' in parents and name = '{escaped}' and trashed = false", limit=10
        )
        entries = (_entry(each) for each in _files(found))
        return next((each for each in entries if each is not None and each.name == name), None)

    def upload(
        self,
        folder: str,
        name: str,
        length: int,
        chunks: Iterable[bytes],
        *,
        key: str,  # noqa: ARG002 -- nothing is visible before it is complete
    ) -> Entry:
        if not is_name(name):
            raise DriveError("This is not a valid name on the drive.", code="invalid_path")
        _, headers = self._rest.ask(
            "POST",
            f"{self._base}/upload/drive/v3/files",
            {"uploadType": "resumable", "fields": _FIELDS, **_EVERYWHERE},
            body={"name": name, "parents": [_id(folder)]},
            headers={"X-Upload-Content-Length": str(length)},
        )
        place = headers.get("location", "")
        if not place.startswith(f"{self._base}/"):
            raise DriveError(f"{_DRIVE} gave no address to send to.", code="invalid_answer")
        session = _Session(self._uploads, place)
        entry = _entry(send_in_pieces(_DRIVE, session, length, chunks, _meaning))
        if entry is None:
            raise DriveError(f"{_DRIVE} did not answer as it should.", code="invalid_answer")
        return entry

    def close(self) -> None:
        self._rest.close()
        self._uploads.close()

    def _search(self, query: str, *, limit: int, cursor: str | None = None) -> Json:
        asked = {
            "q": query,
            "pageSize": str(limit),
            "orderBy": "name",
            "fields": f"nextPageToken,files({_FIELDS})",
            "includeItemsFromAllDrives": "true",
            **_EVERYWHERE,
        }
        found, _ = self._rest.ask(
            "GET", self._files, asked | ({"pageToken": cursor} if cursor else {})
        )
        return found


class _Session:
    """A resumable upload. Its address is the secret that allows it."""

    def __init__(self, client: HttpClient, place: str) -> None:
        self._client = client
        self._place = place

    def put(self, piece: bytes, start: int, total: int) -> Answer:
        end = start + len(piece) - 1
        allowance = Allowance(TRANSFER_SECONDS, step=STEP)
        return self._call("PUT", f"bytes {start}-{end}/{total}", piece, allowance)

    def received(self, answer: Answer) -> int | None:
        if answer.status != 308:
            return None
        said = re.fullmatch(r"bytes=0-([0-9]{1,18})", answer.headers.get("range", ""))
        return int(said[1]) + 1 if said else 0

    def ask(self, total: int) -> Answer:
        return self._call("PUT", f"bytes */{total}", b"", Allowance(SECONDS))

    def cancel(self) -> None:
        with errors_of(_DRIVE):
            self._client.call("DELETE", self._place, Allowance(SECONDS))

    def _call(self, method: str, place: str, content: bytes, allowance: Allowance) -> Answer:
        headers = {"Content-Range": place, "Content-Length": str(len(content))}
        with errors_of(_DRIVE):
            return self._client.call(
                method, self._place, allowance, headers=headers, content=content
            )


def _id(path: str) -> str:
    if not path:
        return "root"
    if not _ID.fullmatch(path):
        raise DriveError("This is not a valid path of the drive.", code="invalid_path")
    return path


def _files(found: Json) -> list[Json]:
    files = found.get("files")
    return [each for each in files if isinstance(each, dict)] if isinstance(files, list) else []


def _entry(found: Json) -> Entry | None:
    """A file or folder; None for what can be neither opened nor fetched, such as a form."""
    file_id, name, kind = (text_in(found, each) for each in ("id", "name", "mimeType"))
    if not _ID.fullmatch(file_id) or (kind.startswith(_OWN) and kind not in {_FOLDER, *_AS_PDF}):
        return None
    # Google allows any character.
    name = "".join(each if each.isprintable() and each != "/" else "_" for each in name)[:250]
    return Entry(
        path=file_id,
        name=(name or "_") + (".pdf" if kind in _AS_PDF else ""),
        is_folder=kind == _FOLDER,
        id=file_id,
        etag=text_in(found, "md5Checksum") or text_in(found, "modifiedTime"),
        bytes=None if kind.startswith(_OWN) else number_in(found, "size"),
        modified_at=moment_in(found, "modifiedTime"),
    )


def _meaning(status: int, data: Json) -> DriveError | None:
    error: Any = data.get("error")
    errors = error.get("errors") if isinstance(error, dict) else None
    for each in errors if status == 403 and isinstance(errors, list) else ():
        reason = each.get("reason") if isinstance(each, dict) else None
        if isinstance(reason, str) and reason in _REASONS:
            code, said = _REASONS[reason]
            return DriveError(f"{_DRIVE} {said}.", code=code)
    return None
