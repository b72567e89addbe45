"""The accounts that reveal tokens: their keys, and what they have left."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.chain.fees import enough
from webapp.clients.chain.keeper import KeyUnreadable, keeper_of_key, keeper_of_keystore

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.clients.chain.fees import Prices
    from webapp.clients.chain.keeper import Keeper
    from webapp.settings import Settings


class OwnKeeper:
    """The account whose key the settings name. The key is read at the first signature, and only by
    the worker that signs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keeper: Keeper | None = None
        self._lock = threading.Lock()

    def get(self) -> Keeper:
        """The account. Raises `KeyUnreadable`."""
        with self._lock:
            if self._keeper is None:
                self._keeper = self._read()
            return self._keeper

    def _read(self) -> Keeper:
        settings = self._settings
        if settings.keeper_key:
            return keeper_of_key(settings.keeper_key)
        if not (settings.keeper_keystore and settings.keeper_password_file):
            raise KeyUnreadable("Neither KEEPER_KEY nor KEEPER_KEYSTORE is set for this worker.")
        try:
            content = Path(settings.keeper_keystore).read_text()
            password = Path(settings.keeper_password_file).read_text()
        except (OSError, UnicodeDecodeError):
            raise KeyUnreadable("KEEPER_KEYSTORE or KEEPER_PASSWORD_FILE cannot be read.") from None
        return keeper_of_keystore(content, password.removesuffix("\n").removesuffix("\r"))


def keep_balance(
    conn: Connection, chain_id: int, address: str, *, balance: int, prices: Prices
) -> None:
    """Keep what a keeper has left, in wei, and tell its collections when that becomes too little
    or is enough again."""
    keeper = {"chain_id": chain_id, "address": address}
    wanted = enough(prices)
    queries.keepers.hold(conn, **keeper)  # of two that look at once, one notices the change
    noted = queries.keepers.note_balance(conn, **keeper, balance=balance, enough=wanted)
    about = {"balance": str(balance), "enough": str(wanted)}
    if noted["is_low"] and not noted["was_low"]:
        _tell(conn, keeper, about, event="collection.keeper_low")
    if noted["was_low"] and not noted["is_low"]:
        _tell(conn, keeper, about, event="collection.keeper_refilled")


def note_foreign_use(
    conn: Connection, chain_id: int, address: str, **about: int | str | None
) -> None:
    """Note that somebody else uses a keeper's key, and tell its collections."""
    keeper = {"chain_id": chain_id, "address": address}
    queries.keepers.note_foreign_use(conn, **keeper)
    _tell(conn, keeper, about, event="collection.keeper_used_elsewhere")


def _tell(conn: Connection, keeper: dict[str, Any], about: dict[str, Any], *, event: str) -> None:
    payload = Jsonb({"keeper": keeper["address"], **about})
    queries.keepers.tell(conn, **keeper, event=event, payload=payload)
