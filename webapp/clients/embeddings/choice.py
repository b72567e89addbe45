"""Which provider of embeddings the settings stand for."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from webapp.clients.embeddings.contract import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from webapp.clients.embeddings.contract import Provider


def provider_from(
    url: str | None, key: str | None, model: str | None, timeout: float = DEFAULT_TIMEOUT
) -> Provider | None:
    """The provider at an address; without one the embedded one, if it is installed; else None.

    `timeout` bounds a whole call, in seconds. Raises ValueError, naming the setting, for what
    cannot be sent, and for a missing model.
    """
    if url and url.strip():
        from webapp.clients.embeddings.remote import RemoteProvider

        return RemoteProvider(url, key, model, timeout)
    if not is_installed():
        return None
    from webapp.clients.embeddings.embedded import EmbeddedProvider

    return EmbeddedProvider()


def is_installed() -> bool:
    """Whether the embedded provider is: the extra `meaning`."""
    return find_spec("wordllama") is not None
