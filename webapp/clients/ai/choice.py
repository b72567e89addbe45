"""Which AI provider the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.clients.ai.contract import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from webapp.clients.ai.contract import Provider


def provider_from(
    url: str | None, key: str | None, model: str | None, timeout: float = DEFAULT_TIMEOUT
) -> Provider:
    """The provider that the settings name; the embedded one without AI_URL.

    `timeout` bounds a whole call, in seconds. Raises ValueError, naming the setting, for an address
    or a key that cannot be sent, and for a missing model.
    """
    if not url or not url.strip():
        from webapp.clients.ai.extractive import ExtractiveProvider

        return ExtractiveProvider()
    from webapp.clients.ai.chat import ChatProvider

    return ChatProvider(url, key, model, timeout)
