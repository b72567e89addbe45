"""Tokens: minted on a chain, given pictures, and revealed."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.tokens import (
    authors,
    collections,
    image_generation_jobs,
    ipfs_files,
    keepers,
    mint_events,
    public_tokens,
    reveals,
    signatures,
    tokens,
)

BLUEPRINTS: Final = (
    *(collections.collections, mint_events.mint_events),
    *(authors.authors, tokens.tokens, public_tokens.public_tokens),
    *(ipfs_files.ipfs_files, image_generation_jobs.image_generation_jobs),
    *(reveals.reveals, keepers.keepers),
)

INSTALLS: Final = (signatures.install,)

REFUSALS: Final = {
    "image_generation_jobs_external_id_is_of_one_job": image_generation_jobs.of_another(),
}
