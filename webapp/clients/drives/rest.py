"""Drives that are JSON over HTTP, with tokens that expire: what Google Drive and OneDrive share.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

from webapp.clients.drives.answers import errors_of, refusal
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.client import HttpClient, read
from webapp.clients.http.contract import asks_for_later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import httpx2

    from webapp.clients.http.contract import Answer

    Json = dict[str, Any]
    # What an error response of this drive means, if that is more than its status says.
    Meaning = Callable[[int, Json], DriveError | None]

SECONDS: Final = 20.0  # for a small request
TRANSFER_SECONDS: Final = 1_800.0
STEP: Final = 30.0  # seconds without progress after which a transfer is abandoned
# Bytes sent in one request of an upload: a multiple of Google's 256 KiB and Microsoft's 320 KiB.
PIECE: Final = 10 * 1024 * 1024
_MOST: Final = 8_000_000  # bytes of a listing
_TRIES: Final = 8  # requests for one piece
_LONGEST_WAIT: Final = 5.0  # seconds, between two of them


class Token(Protocol):
    """Where access tokens come from."""

    def __call__(self, rejected: str | None = None) -> str:
        """A token that is valid for now, and not the one that was rejected. Raises DriveError."""
        ...


class Rest:
    """Requests to one drive. Thread-safe. `drive` begins a sentence about it."""

    def __init__(self, drive: str, token: Token, meaning: Meaning) -> None:
        self.drive = drive
        self._token = token
        self._meaning = meaning
        self._client = HttpClient()

    def ask(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Json | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Json, Mapping[str, str]]:
        """The JSON object that a request is answered with, and the headers. Raises DriveError."""
        sent = {**(headers or {})}
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        with self.stream(method, url, query, content=body, headers=sent) as response:
            data = _object(read(response.iter_raw(), _MOST))
            return data, response.headers

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expected: tuple[int, ...] = (200, 201, 204),
        allowance: Allowance | None = None,
    ) -> Iterator[httpx2.Response]:
        """A response with an expected status, its body still to be read. A token that is rejected
        is replaced, once. Raises DriveError."""
        token = self._token()
        whole = f"{url}?{urlencode(query)}" if query else url
        for is_last in (False, True):
            sent = {**(headers or {}), "Authorization": f"Bearer {token}"}
            with (
                errors_of(self.drive),
                self._client.stream(
                    method, whole, allowance or Allowance(SECONDS), headers=sent, content=content
                ) as response,
            ):
                if response.status_code in expected:
                    yield response
                    return
                if response.status_code != 401:
                    raise self.error(response)
            if is_last:
                raise AccessLost(f"{self.drive} does not accept our token.")
            token = self._token(rejected=token)

    def error(self, response: httpx2.Response) -> DriveError:
        """The error for a status that is not expected."""
        data: Json = {}
        with suppress(Exception):
            data = _object(read(response.iter_raw(), _MOST))
        meant = self._meaning(response.status_code, data)
        if meant is None or asks_for_later(response.status_code):
            return refusal(self.drive, response.status_code, response.headers)
        return meant

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Session(Protocol):
    """An upload in pieces that has begun."""

    def put(self, piece: bytes, start: int, total: int) -> Answer:
        """Send bytes of the file from `start`. Raises DriveError."""
        ...

    def received(self, answer: Answer) -> int | None:
        """How many bytes the drive has by now, by its answer; None if it is not complete and does
        not say."""
        ...

    def ask(self, total: int) -> Answer:
        """What the drive answers when asked how far it is. Raises DriveError."""
        ...

    def cancel(self) -> None:
        """Forget the upload."""
        ...


def send_in_pieces(
    drive: str, session: Session, length: int, chunks: Iterable[bytes], meaning: Meaning
) -> Json:
    """Send a file piece by piece, each again from where the drive has it if that breaks off; what
    the drive answers when it is complete. Raises DriveError, and what `chunks` raises."""
    try:
        return _send_all(drive, session, length, chunks, meaning)
    except BaseException:
        with suppress(DriveError):
            session.cancel()
        raise


def _send_all(
    drive: str, session: Session, length: int, chunks: Iterable[bytes], meaning: Meaning
) -> Json:
    start = 0
    for piece in _pieces(chunks):
        answer = _send_piece(drive, session, piece, start, length, meaning)
        start += len(piece)
        if answer.status in (200, 201):
            found = answer.json()
            return found if isinstance(found, dict) else {}
    raise DriveError(f"{drive} did not accept the file as complete.", code="invalid_answer")


def _send_piece(
    drive: str, session: Session, piece: bytes, start: int, length: int, meaning: Meaning
) -> Answer:
    done, error = 0, None
    for _ in range(_TRIES):
        try:
            answer = (
                session.ask(length) if error else session.put(piece[done:], start + done, length)
            )
        except DriveError as failure:
            if failure.permanent:
                raise
            error = failure
            continue
        if answer.status in (200, 201):
            return answer
        received = session.received(answer)
        if received is None:
            refused = _refused(drive, answer, meaning)
            if refused.permanent:
                raise refused
            error = refused
            time.sleep(min(refused.retry_after or 0.0, _LONGEST_WAIT))
            continue
        error, done = None, min(max(received - start, 0), len(piece))
        if done == len(piece):
            return answer
    raise error or DriveError(f"{drive} does not take the file.", code="unavailable")


def _refused(drive: str, answer: Answer, meaning: Meaning) -> DriveError:
    data = answer.json()
    meant = meaning(answer.status, data if isinstance(data, dict) else {})
    return meant or refusal(drive, answer.status, answer.headers)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for chunk in chunks:
        piece += chunk
        while len(piece) >= PIECE:
            yield bytes(piece[:PIECE])
            del piece[:PIECE]
    if piece:
        yield bytes(piece)


def _object(body: bytes) -> Json:
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text_in(data: Mapping[str, Any], name: str) -> str:
    """A text member of a JSON object; empty if it is not there, is no text or has NULs."""
    value = data.get(name)
    return value if isinstance(value, str) and "\0" not in value else ""


def number_in(data: Mapping[str, Any], name: str) -> int | None:
    """A size, which some drives write as a text; None if there is none."""
    value = data.get(name)
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def moment_in(data: Mapping[str, Any], name: str) -> datetime | None:
    """A time; None if there is none, or it has no zone."""
    try:
        found = datetime.fromisoformat(text_in(data, name))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
