"""The store of a process that writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.clients.storage.choice import store_from

if TYPE_CHECKING:
    from webapp.clients.storage.contract import Store


class PreparedStore:
    """The store that the settings name. It is prepared at its first use in this process, so never
    before a fork."""

    def __init__(self, url: str) -> None:
        self._store = store_from(url)
        self._is_prepared = False

    @property
    def is_shared(self) -> bool:
        """Whether processes on other machines see the same objects."""
        return self._store.is_shared

    def ready(self) -> Store:
        """The store. Raises StorageError if it does not answer."""
        if not self._is_prepared:
            self._store.prepare()  # two threads may both do this
            self._is_prepared = True
        return self._store
