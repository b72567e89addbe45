"""Which AI provider is asked for a workspace: the one assigned to it, else everybody's, else that
of the settings, else the embedded one.

Keys are encrypted, each with a key of its own for its workspace, and in memory only in the provider
that sends them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sql import queries
from webapp.clients.ai.choice import provider_from
from webapp.clients.ai.contract import EVERYBODY, WORKSPACE, AIError
from webapp.clients.public.gate import Gate
from webapp.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sql.connection import Connection
    from webapp.clients.ai.contract import Provider
    from webapp.identity.keyring import Keyring
    from webapp.settings import Settings

    Row = Mapping[str, Any]

CHAT: Final = "chat_completions"
EMBEDDED: Final = "embedded"

# A trial is waited for by a person, but a model that is not loaded yet takes a while.
TRIAL_SECONDS: Final = 30.0
_TRIAL_TEXT: Final = (
    "The oak posts for the garden fence have to be ordered before Friday. The carpenter needs the"
    " measurements of the gate."
)
# How many assigned providers a process keeps ready. One that is made again has only forgotten what
# its endpoint does not support.
_MOST_KEPT: Final = 100
_NOBODY: Final = UUID(int=0)


def applying_to(conn: Connection, workspace_ids: Sequence[UUID]) -> Mapping[UUID, Row]:
    """What is assigned to each of some workspaces, or else to everybody, by workspace."""
    found = queries.ai_providers.applying(conn, workspace_ids=list(workspace_ids))
    return {each["for_workspace_id"]: each for each in found}


def applying_to_one(conn: Connection, workspace_id: UUID | None) -> Row | None:
    """The same for one workspace, or, for None, what is assigned to everybody."""
    asked = workspace_id or _NOBODY
    return applying_to(conn, [asked]).get(asked)


class AIProviders:
    """Makes the providers that assignments name. Thread-safe.

    `transaction` opens a short transaction in somebody's name. Raises SettingsError if the one that
    the settings name cannot work.
    """

    def __init__(
        self, settings: Settings, transaction: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._settings = settings
        self._transaction = transaction
        self._gate = Gate(allow_loopback=settings.fetch_allow_loopback)
        # The embedded one loads a model, which a web process hardly ever needs.
        self._default = self._of_settings() if settings.ai_url else None
        self._kept: OrderedDict[tuple[object, ...], Provider] = OrderedDict()
        self._lock = Lock()

    def provider(self, row: Row | None) -> Provider:
        """The provider of an assignment, or without one that of the settings. It is kept, so do not
        close it. Raises AIError, permanent, if its key can no longer be read."""
        if row is None:
            with self._lock:
                self._default = self._default or self._of_settings()
                return self._default
        # By all that it is made of: an assignment that changes is another provider at once. The
        # embedded one is the same for all.
        made_of: tuple[object, ...] = ()
        if row["url"] is not None:
            made_of = (row["id"], row["url"], row["model"], row["key"], row["may_be_internal"])
        with self._lock:
            if made_of in self._kept:
                self._kept.move_to_end(made_of)
                return self._kept[made_of]
        self._renew(row)
        made = self.open(row)
        with self._lock:
            self._kept[made_of] = made
            # Not closed: another thread may be asking it. Connections of those that users name are
            # not kept, and those that an operator names are few.
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return made

    def open(self, row: Row | None, *, timeout: float | None = None) -> Provider:
        """A provider of the caller's own, to be closed. Raises AIError as `provider` does."""
        if row is None:
            return self._of_settings(timeout)
        return self.open_with(row, self.unseal(row), timeout=timeout)

    def open_with(self, named: Row, key: str | None, *, timeout: float | None = None) -> Provider:
        """The same with a key that is not stored yet. Raises AIError, permanent, for parts that
        cannot work."""
        try:
            return provider_from(
                named["url"],
                key,
                named["model"],
                *([timeout] if timeout else ()),
                origin=EVERYBODY if named["workspace_id"] is None else WORKSPACE,
                gate=None if named["may_be_internal"] else self._gate,
            )
        except ValueError as error:
            raise AIError(str(error), permanent=True) from None

    def seal(self, workspace_id: UUID | None, key: str | None) -> bytes | None:
        """A key in the form in which it is stored."""
        if key is None:
            return None
        return self._keyring().encrypt(_purpose(workspace_id), key.encode())

    def unseal(self, row: Row) -> str | None:
        """The stored key of an assignment, if it has one. Raises AIError, permanent, if it was
        encrypted with a key that is gone."""
        if row["key"] is None:
            return None
        from webapp.identity.keyring import Unreadable

        try:
            opened = self._keyring().decrypt(_purpose(row["workspace_id"]), bytes(row["key"]))
        except Unreadable:
            raise AIError(
                "The key of the AI provider can no longer be read; assign it again with its key.",
                permanent=True,
            ) from None
        return opened.decode()

    def close(self) -> None:
        """Close the connections of every provider."""
        with self._lock:
            kept = [*filter(None, [self._default]), *self._kept.values()]
            self._kept.clear()
        for each in kept:
            each.close()

    def _of_settings(self, timeout: float | None = None) -> Provider:
        found = self._settings
        try:
            return provider_from(
                found.ai_url, found.ai_key, found.ai_model, *([timeout] if timeout else ())
            )
        except ValueError as error:
            raise SettingsError([str(error)]) from None

    def _keyring(self) -> Keyring:
        from webapp.identity.keyring import Keyring

        return Keyring(self._settings.secret_key, self._settings.secret_keys_former)

    def _renew(self, row: Row) -> None:
        """After a change of SECRET_KEY: encrypt with the new one, so that the former can go."""
        from webapp.identity.keyring import Unreadable

        if row["key"] is None:
            return
        try:
            renewed = self._keyring().renewed(_purpose(row["workspace_id"]), bytes(row["key"]))
        except Unreadable:
            return
        if renewed is not None:
            with self._transaction() as conn:
                queries.ai_providers.seal(conn, id=row["id"], key=renewed, before=row["key"])


def try_out(provider: Provider) -> float:
    """Ask a provider about a short text and close it; the seconds that it took. Raises AIError."""
    with closing(provider):
        began = time.perf_counter()
        provider.enrich(_TRIAL_TEXT)
        return time.perf_counter() - began


def _purpose(workspace_id: UUID | None) -> str:
    return f"ai provider {workspace_id or 'of everybody'}"
