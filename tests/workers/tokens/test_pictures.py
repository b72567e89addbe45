"""From a token that was minted to one whose picture and metadata are in IPFS."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from webapp.clients.ipfs.cid import PROFILES, cid_of
from workers.generate_images import generate_images
from workers.upload_to_ipfs import upload_to_ipfs

PROFILE = PROFILES["kubo-cid-v1"]


@pytest.mark.long
def test_a_minted_token_gets_a_picture_and_metadata_that_anybody_can_fetch(
    season, worker, client, owner
):
    first, second = season.mint(2)
    at_work = worker(generate_images, upload_to_ipfs)
    at_work.round()
    at_work.round()
    token = season.token(first)
    assert season.events(first) == ["detected", "generating", "generated", "uploaded"]
    assert (token["status"], token["is_fallback"]) == ("ready", False)
    assert token["ready_at"] is not None
    metadata = client.get(f"/ipfs/{token['metadata_cid']}")
    assert metadata.status_code == 200
    assert cid_of(metadata.data, PROFILE) == token["metadata_cid"]
    assert json.loads(metadata.data) == {
        "name": "Season #1",
        "description": "The first.",
        "image": f"ipfs://{token['image_cid']}",
        "attributes": [{"trait_type": "Author X Handle", "value": "@ana"}],
    }
    picture = client.get(f"/ipfs/{token['image_cid']}")
    assert cid_of(picture.data, PROFILE) == token["image_cid"]
    assert Image.open(io.BytesIO(picture.data)).size == (1024, 1024)
    # Each token has a picture of its own.
    assert season.token(second)["image_cid"] != token["image_cid"]
    planned = owner.execute(
        "SELECT subject_id::text FROM outbox WHERE kind = 'plan_reveals'"
    ).fetchall()
    assert planned == [(season.id,)]
