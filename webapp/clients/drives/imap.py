"""Mailboxes that speak IMAP: their folders, and what is new in one.

Nothing is changed there: folders are opened with EXAMINE and messages fetched with BODY.PEEK, so
what was unread stays unread. Messages are counted by UID, and only those above the last one are
asked for, so it makes no difference how many a folder has.

Imported when something is called, not at the start: imaplib takes a moment to load.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from webapp.clients.drives.contract import DriveError, Entry, Listing
from webapp.clients.drives.imap_dialogue import PART, SERVER, Dialogue, server_of
from webapp.clients.drives.imap_names import check_name, encoded, listed, quoted
from webapp.clients.http.contract import CallError
from webapp.clients.public.client import public_trust
from webapp.clients.public.contract import AddressError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from webapp.clients.drives.imap_dialogue import Trust
    from webapp.clients.public.gate import Gate

_SECONDS: Final = 900.0  # for everything on one connection
_MOST_NUMBER: Final = 2**32 - 1
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
# Failures to connect that a user is told; all others look the same, so that nobody can find out
# from here which ports are open.
_TOLD: Final = frozenset({"certificate", "too_large"})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a folder's messages end. Numbers are only comparable while `uid_validity` is the
    same."""

    uid_validity: int
    next_uid: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message that can be fetched: what is in its From, and its size as the server says."""

    sender: str
    bytes: int


class Mailbox:
    """One user's access to the folders of one mail account, for one thread; connects with its first
    call, and can be used until that raises an error other than `not_found` or `refused`.

    Raises DriveError `address` for an address that is not usable.
    """

    def __init__(
        self, address: str, user: str, password: str, gate: Gate, *, trust: Trust = public_trust
    ) -> None:
        self._server = server_of(address)
        self._user = user
        self._password = password
        self._gate = gate
        self._trust = trust
        self._open: Dialogue | None = None

    def check(self) -> None:
        """Return if the credentials are accepted and folders can be listed."""
        self._separator()

    def list_folder(self, path: str, *, limit: int, cursor: str | None = None) -> Listing:
        """At most `limit` folders in a folder, after those of the listing that gave the cursor."""
        prefix = ""
        if path:
            check_name(path)
            separator = self._separator()
            if not any(name == path for name, _, _ in self._list(path)):
                raise DriveError(f"{SERVER} has no such folder.", code="not_found")
            if separator is None:
                return Listing([])
            prefix = path + separator
        entries: dict[str, Entry] = {}
        for name, separator, _ in self._list(f"{prefix}%"):
            inner = name.removeprefix(prefix)
            is_below = name.startswith(prefix) and inner and (separator or "/") not in inner
            if is_below and len(name) <= 2_000 and name.isprintable():
                entries[name] = Entry(path=name, name=inner, is_folder=True, id=name)
        left = sorted(name for name in entries if cursor is None or name > cursor)
        page = [entries[name] for name in left[:limit]]
        return Listing(page, page[-1].path if len(left) > limit else None)

    def examine(self, folder: str) -> Position:
        """Open a folder, for the calls that follow, without changing anything in it."""
        check_name(folder)
        with self._dialogue() as dialogue:
            status, _ = dialogue.select(quoted(encoded(folder)), readonly=True)
            if status != "OK":
                raise DriveError(f"{SERVER} has no such folder.", code="not_found")
            return Position(_told(dialogue, "UIDVALIDITY"), _told(dialogue, "UIDNEXT"))

    def numbers(self, first: int, last: int) -> list[int]:
        """The UIDs from `first` to `last` in the folder, ascending."""
        found = self._search(f"UID {first}:{last}")
        return [each for each in found if first <= each <= last]

    def numbers_since(self, day: date) -> list[int]:
        """The UIDs of messages that arrived on a day or later, ascending."""
        return self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def message(self, uid: int) -> Message | None:
        """What is known of a message; None if it is gone."""
        found = self._fetch(uid, "RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM)]")
        if found is None:
            return None
        said, header = found
        size = re.search(rb"RFC822\.SIZE ([0-9]{1,18})(?![0-9])", said, re.IGNORECASE)
        return Message(_sender(header[:2_000]), int(size[1]) if size else 0)

    def read(self, uid: int) -> Iterator[bytes]:
        """The bytes of a message. Iterating raises DriveError."""
        start = 0
        while True:
            found = self._fetch(uid, f"BODY.PEEK[]<{start}.{PART}>")
            data = found[1] if found else b""
            if data:
                yield data
            start += len(data)
            if len(data) < PART:
                return

    def close(self) -> None:
        """Log out."""
        if self._open is not None:
            self._open.say_goodbye()
            self._open = None

    def _search(self, criteria: str) -> list[int]:
        with self._dialogue() as dialogue:
            status, answer = dialogue.uid("SEARCH", criteria)
            if status != "OK":
                raise DriveError(f"{SERVER} did not search the folder.", code="unavailable")
            words = b" ".join(each for each in answer if isinstance(each, bytes)).split()
            return sorted({_number(each) for each in words})

    def _fetch(self, uid: int, what: str) -> tuple[bytes, bytes] | None:
        """What was said about a message, and the literal in it; None if it is gone."""
        with self._dialogue() as dialogue:
            status, answer = dialogue.uid("FETCH", str(uid), f"(UID {what})")
            if status != "OK":
                raise DriveError(f"{SERVER} did not give a message.", code="unavailable")
            return _of_message(uid, answer)

    def _separator(self) -> str | None:
        return next((separator for _, separator, _ in self._list("")), None)

    def _list(self, pattern: str) -> list[tuple[str, str | None, frozenset[str]]]:
        with self._dialogue() as dialogue:
            status, answer = dialogue.list('""', quoted(encoded(pattern)))
            if status != "OK":
                raise DriveError(f"{SERVER} did not list its folders.", code="refused")
            return list(listed(answer))

    @contextmanager
    def _dialogue(self) -> Iterator[Dialogue]:
        """The connection, for one command."""
        with _errors():
            if self._open is None:
                self._open = self._connect()
                self._open.log_in(self._user, self._password)
            self._open.begin()
            yield self._open

    def _connect(self) -> Dialogue:
        try:
            return Dialogue(self._server, self._gate, self._trust, seconds=_SECONDS)
        except CallError as error:
            if error.rule in _TOLD:
                raise
            raise CallError("does not answer", rule="unreachable") from None


@contextmanager
def _errors() -> Iterator[None]:
    """Convert what a dialogue raises. Nothing of what the server said is passed on."""
    try:
        yield
    except AddressError as error:
        raise DriveError(str(error), code="address") from None
    except CallError as error:
        raise DriveError(f"{SERVER} {error.what}.", code="unavailable") from None
    except (Dialogue.abort, OSError):
        raise DriveError(f"{SERVER} broke off the connection.", code="unavailable") from None
    except DriveError:
        raise
    except (Dialogue.error, ValueError, LookupError, TypeError, AttributeError):
        # imaplib believes much of what servers say.
        raise DriveError(f"{SERVER} did not answer as one should.", code="invalid_answer") from None


def _told(dialogue: Dialogue, name: str) -> int:
    _, values = dialogue.response(name)
    if not values or not isinstance(values[-1], bytes):
        raise DriveError(f"{SERVER} does not tell the {name} of a folder.", code="invalid_answer")
    return _number(values[-1])


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 10 or not 0 < int(text) <= _MOST_NUMBER:
        raise ValueError
    return int(text)


def _of_message(uid: int, answer: Sequence[Any]) -> tuple[bytes, bytes] | None:
    """What an answer says about one message, and its literal. Servers add what else they have to
    say, about any; imaplib gives a line in pieces, each with the literal that ends it."""
    lines: list[tuple[bytes, bytes]] = []
    for piece in answer:
        text, literal = piece if isinstance(piece, tuple) else (piece or b"", b"")
        if not lines or re.match(rb"[0-9]+ \(", text):
            lines.append((text, literal))
        else:
            said, former = lines[-1]
            lines[-1] = (said + text, former or literal)
    is_about = re.compile(rb"\bUID %d(?![0-9])" % uid, re.IGNORECASE)
    return next((line for line in lines if is_about.search(line[0])), None)


def _sender(header: bytes) -> str:
    """The address in a From; empty if there is none."""
    try:
        said = email.message_from_bytes(header, policy=email.policy.compat32)["From"]
        _, address = email.utils.parseaddr(" ".join(str(said or "").split())[:1_000])
    except (ValueError, LookupError):
        return ""
    return "".join(each for each in address if each.isprintable())[:500]
