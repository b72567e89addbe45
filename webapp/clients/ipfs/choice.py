"""Which store of IPFS the settings stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.clients.ipfs.embedded import EmbeddedStore

if TYPE_CHECKING:
    from webapp.clients.ipfs.cid import Profile
    from webapp.clients.ipfs.contract import Store


def store_from(
    profile: Profile, *, pinata_jwt: str | None, pinata_url: str, kubo_url: str | None
) -> Store:
    """Pinata if there is a token for it, else the Kubo at its address, else the embedded one."""
    if pinata_jwt:
        from webapp.clients.ipfs.pinata import Pinata

        return Pinata(pinata_url, pinata_jwt, profile)
    if kubo_url:
        from webapp.clients.ipfs.kubo import Kubo

        return Kubo(kubo_url, profile)
    return EmbeddedStore()
