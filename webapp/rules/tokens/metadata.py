"""The metadata of a token: the JSON that its URI on the chain leads to."""

from __future__ import annotations

import json


def metadata_of(
    *,
    name_template: str,
    description: str,
    token_id: int,
    image_cid: str,
    twitter_handle: str | None = None,
    farcaster_handle: str | None = None,
) -> bytes:
    """The metadata of a token, always the same bytes for the same token: their hash is on the
    chain.

    In `name_template`, {n} is the token's number.
    """
    handles = {"Author X Handle": twitter_handle, "Author Farcaster Handle": farcaster_handle}
    told = {
        "name": name_template.replace("{n}", str(token_id)),
        "description": description,
        "image": f"ipfs://{image_cid}",
        "attributes": [
            {"trait_type": trait, "value": "@" + handle.removeprefix("@")}
            for trait, handle in handles.items()
            if handle
        ],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
