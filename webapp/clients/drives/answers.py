"""What HTTP statuses and failed calls mean, on every drive."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.http.contract import CallError, asks_for_later
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.clients.public.contract import AddressError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webapp.clients.drives.contract import Code

_MEANINGS: Final[dict[int, tuple[Code, str]]] = {
    403: ("refused", "does not allow this"),
    404: ("not_found", "has no such file or folder"),
    405: ("refused", "does not allow this here"),
    409: ("not_found", "has no such folder"),
    410: ("not_found", "has no such file or folder any more"),
    412: ("exists", "already has a file with this name"),
    413: ("too_large", "does not accept a file this large"),
    507: ("full", "has no space left"),
}


@contextmanager
def errors_of(drive: str) -> Iterator[None]:
    """Convert what calls raise. `drive` begins a sentence about it."""
    try:
        yield
    except AddressError as error:
        raise DriveError(str(error), code="address") from None
    except CallError as error:
        code: Code = "too_large" if error.rule == "too_large" else "unavailable"
        raise DriveError(f"{drive} {error.what}.", code=code) from None


def refusal(drive: str, status: int, headers: Mapping[str, str]) -> DriveError:
    """The error for a status that is not the expected one."""
    if status == 401:
        return AccessLost(f"{drive} does not accept the user name, password or token.")
    if status in _MEANINGS:
        code, said = _MEANINGS[status]
        return DriveError(f"{drive} {said}.", code=code)
    if status == 423 or asks_for_later(status):
        return DriveError(
            f"{drive} has a problem or is busy (HTTP {status}).",
            code="unavailable",
            retry_after=seconds_to_wait(headers),
        )
    if 300 <= status < 400:
        return DriveError(
            f"{drive} redirects to another address. Use that one.", code="invalid_answer"
        )
    return DriveError(f"{drive} answered HTTP {status}.", code="invalid_answer")
