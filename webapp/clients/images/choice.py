"""Which generator the settings stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.clients.images.contract import Generator
    from webapp.clients.images.pictures import Pictures


def generator_from(
    pictures: Pictures,
    *,
    replicate_token: str | None,
    replicate_model: str,
    url: str | None,
    key: str | None,
    model: str | None,
) -> Generator | None:
    """Replicate if there is a token for it, else the server at `url`; None if there is neither."""
    if replicate_token:
        from webapp.clients.images.replicate import Replicate

        return Replicate(replicate_token, replicate_model, pictures)
    if url:
        from webapp.clients.images.self_hosted import SelfHosted

        return SelfHosted(url, key, model, pictures)
    return None
