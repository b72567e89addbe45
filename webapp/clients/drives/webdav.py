"""Drives that speak WebDAV: Nextcloud, ownCloud, many others.

The address is a user's, so each connection goes through the gate to public addresses, and passwords
only travel encrypted; loopback, where tests and development may call, is the exception.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import base64
import email.utils
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from webapp.clients.drives import dav_xml
from webapp.clients.drives.answers import errors_of, refusal
from webapp.clients.drives.contract import (
    Download,
    DriveError,
    Entry,
    Listing,
    is_name,
    segments_of,
)
from webapp.clients.http.allowance import Allowance
from webapp.clients.public.address import is_loopback
from webapp.clients.public.client import PublicClient
from webapp.clients.public.url import check_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webapp.clients.http.contract import Answer
    from webapp.clients.public.gate import Gate

_SERVER: Final = "The WebDAV server"
_DIGITS: Final = 19  # of the largest number that JSON and the database hold
_SECONDS: Final = 20.0  # for a small request
_TRANSFER_SECONDS: Final = 1_800.0
_STEP: Final = 30.0  # seconds without progress after which a transfer is abandoned
_ASKED: Final = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>'
    b"<d:resourcetype/><d:getcontentlength/><d:getetag/><d:getlastmodified/><oc:fileid/>"
    b"</d:prop></d:propfind>"
)


class WebDavDrive:
    """A folder of a WebDAV server, with a user's name and password.

    Paths are names separated by slashes, below `address`. Raises DriveError `address` for one that
    is not usable.
    """

    def __init__(self, address: str, user: str, password: str, gate: Gate) -> None:
        with errors_of(_SERVER):
            url = check_url(address)
        if url.query or url.fragment:
            raise DriveError("The address must not have a ? or #.", code="address")
        is_here = gate.allow_loopback and (url.host == "localhost" or is_loopback(url.host))
        if url.scheme != "https" and not is_here:
            raise DriveError("The address must begin with https://.", code="address")
        self._root = str(url).rstrip("/")
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._client = PublicClient(gate, headers={"Authorization": f"Basic {login}"})

    def check(self) -> None:
        self._properties("", depth=0)

    def list_folder(self, path: str, *, limit: int, cursor: str | None = None) -> Listing:
        entries = sorted(self._children(path), key=lambda entry: entry.name)
        # There is no way to ask for a part, so the whole folder is read for each.
        left = [entry for entry in entries if cursor is None or entry.name > cursor]
        page = left[:limit]
        return Listing(page, page[-1].name if len(left) > limit else None)

    @contextmanager
    def open(self, path: str) -> Iterator[Download]:
        names = segments_of(path)
        if not names:
            raise DriveError("This is a folder.", code="not_found")
        allowance = Allowance(_TRANSFER_SECONDS, step=_STEP)
        with (
            errors_of(_SERVER),
            self._client.stream("GET", self._url(path), allowance) as response,
        ):
            if response.status_code != 200:
                raise refusal(_SERVER, response.status_code, response.headers)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise DriveError(
                    f"{_SERVER} compresses files, although it was asked not to.",
                    code="invalid_answer",
                )
            length = response.headers.get("content-length", "")
            yield Download(names[-1], response.iter_raw(), _length(length))

    def find(self, folder: str, name: str) -> Entry | None:
        path = _below(folder, name)
        try:
            found = self._properties(path, depth=0)
        except DriveError as error:
            if error.code == "not_found":
                return None
            raise
        return _entry(path, name, found[0])

    def upload(
        self, folder: str, name: str, length: int, chunks: Iterable[bytes], *, key: str
    ) -> Entry:
        path, unfinished = _below(folder, name), _below(folder, f".coffer-{key}.part")
        try:
            # Elsewhere first: servers show a file while it arrives, and keep what was broken off.
            self._send("PUT", unfinished, length, chunks)
            self._move(unfinished, path)
        except BaseException:
            with suppress(DriveError):
                self._call("DELETE", self._url(unfinished))
            raise
        found = self.find(folder, name)
        if found is None:
            raise DriveError(f"{_SERVER} has lost what was sent to it.", code="unavailable")
        return found

    def close(self) -> None:
        self._client.close()

    def _send(self, method: str, path: str, length: int, chunks: Iterable[bytes]) -> None:
        headers = {"Content-Length": str(length), "Content-Type": "application/octet-stream"}
        allowance = Allowance(_TRANSFER_SECONDS, step=_STEP)
        with errors_of(_SERVER):
            answer = self._client.call(
                method, self._url(path), allowance, headers=headers, content=iter(chunks)
            )
        if answer.status not in (200, 201, 204):
            raise refusal(_SERVER, answer.status, answer.headers)

    def _move(self, path: str, new_path: str) -> None:
        headers = {"Destination": self._url(new_path), "Overwrite": "F"}
        answer = self._call("MOVE", self._url(path), headers)
        if answer.status not in (200, 201, 204):
            raise refusal(_SERVER, answer.status, answer.headers)

    def _children(self, path: str) -> list[Entry]:
        found = [(_place(each), each) for each in self._properties(path, depth=1)]
        # The folder itself is one of them: by its own address or, behind a proxy that changes
        # addresses, the shortest one.
        own = _path_of(self._url(path)).rstrip("/")
        places = [place for place, _ in found if place is not None]
        if own not in places:
            own = min(places, key=len, default=own)
        entries = []
        for place, each in found:
            parent, _, name = (place or "").rpartition("/")
            if place is not None and place != own and parent == own and _is_usable(name):
                entries.append(_entry(_below(path, name), name, each))
        return entries

    def _properties(self, path: str, *, depth: int) -> list[dav_xml.Response]:
        headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
        url = self._url(path) + ("/" if depth or not path else "")
        answer = self._call("PROPFIND", url, headers, _ASKED)
        if answer.status != 207:
            if answer.status in (200, 405, 501):
                raise DriveError(f"{_SERVER} does not speak WebDAV here.", code="invalid_answer")
            raise refusal(_SERVER, answer.status, answer.headers)
        try:
            found = [each for each in dav_xml.responses_in(answer.body) if _exists(each)]
        except dav_xml.NotDav:
            raise DriveError(
                f"{_SERVER} did not answer as one should.", code="invalid_answer"
            ) from None
        if not found:
            raise refusal(_SERVER, 404, {})
        return found

    def _call(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: Any = None
    ) -> Answer:
        with errors_of(_SERVER):
            return self._client.call(
                method,
                url,
                Allowance(_SECONDS),
                headers=headers,
                content=body,
                most=dav_xml.MOST_BYTES,
            )

    def _url(self, path: str) -> str:
        return "/".join([self._root, *(quote(name, safe="") for name in segments_of(path))])


def _below(folder: str, name: str) -> str:
    if not is_name(name):
        raise DriveError("This is not a valid name on the drive.", code="invalid_path")
    return f"{folder}/{name}" if folder else name


def _exists(found: dav_xml.Response) -> bool:
    return not found.status or " 200 " in f"{found.status} "


def _place(found: dav_xml.Response) -> str | None:
    """The path of an entry on the server; None if its address is none."""
    try:
        return _path_of(found.href).rstrip("/")
    except ValueError:
        return None


def _path_of(url: str) -> str:
    return unquote(urlsplit(url).path)


def _is_usable(name: str) -> bool:
    # U+FFFD stands for bytes that are not UTF-8: there is no way to name that file.
    return is_name(name) and "\ufffd" not in name and not name.endswith(".part")


def _entry(path: str, name: str, found: dav_xml.Response) -> Entry:
    said = found.found
    length = said.get("d:getcontentlength", "")
    changed = said.get("d:getlastmodified", "")
    return Entry(
        path=path,
        name=name,
        is_folder=found.is_folder,
        id=said.get("oc:fileid") or path,
        etag=said.get("d:getetag") or f"{changed} {length}".strip(),
        bytes=None if found.is_folder else _length(length),
        modified_at=_moment(changed),
    )


def _moment(text: str) -> datetime | None:
    """A time of HTTP, in UTC; some servers say so by a zone of -0000, or not at all."""
    try:
        found = email.utils.parsedate_to_datetime(text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _length(text: str) -> int | None:
    """A number of bytes that there can be."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None
