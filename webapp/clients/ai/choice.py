"""Which AI provider an address stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.clients.ai.contract import DEFAULT_TIMEOUT, SETTINGS

if TYPE_CHECKING:
    from webapp.clients.ai.contract import Origin, Provider
    from webapp.clients.public.gate import Gate


def provider_from(
    url: str | None,
    key: str | None,
    model: str | None,
    timeout: float = DEFAULT_TIMEOUT,
    *,
    origin: Origin = SETTINGS,
    gate: Gate | None = None,
) -> Provider:
    """The provider at an address, which `origin` named; the embedded one without an address.

    `timeout` bounds a whole call, in seconds. With a `gate`, only public addresses are called, by
    HTTPS. Raises ValueError, naming the setting, for an address or a key that cannot be sent, and
    for a missing model.
    """
    if not url or not url.strip():
        from webapp.clients.ai.extractive import ExtractiveProvider

        return ExtractiveProvider()
    from webapp.clients.ai.chat import ChatProvider

    return ChatProvider(url, key, model, timeout, origin=origin, gate=gate)
