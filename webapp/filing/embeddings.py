"""The provider of embeddings that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.clients.embeddings.choice import provider_from
from webapp.clients.embeddings.contract import DEFAULT_TIMEOUT
from webapp.settings import SettingsError

if TYPE_CHECKING:
    from webapp.clients.embeddings.contract import Provider
    from webapp.settings import Settings


def provider_of(settings: Settings, timeout: float = DEFAULT_TIMEOUT) -> Provider | None:
    """The provider, or None if none is named or installed; `timeout` bounds a whole call, in
    seconds. Raises SettingsError if it cannot work."""
    try:
        return provider_from(
            settings.embeddings_url, settings.embeddings_key, settings.embeddings_model, timeout
        )
    except ValueError as error:
        raise SettingsError([str(error)]) from None
