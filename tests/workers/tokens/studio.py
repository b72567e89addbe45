"""A worker that gets pictures from a Replicate on loopback."""

from __future__ import annotations

import dataclasses

from tests.fakes.replicate import TOKEN, FakeReplicate
from webapp.clients.images.embedded import EmbeddedGenerator
from webapp.clients.images.pictures import Pictures
from webapp.clients.images.replicate import Replicate
from webapp.clients.ipfs.cid import PROFILES
from webapp.clients.public.gate import Gate
from workers.engine.buckets import Bucket
from workers.engine.transactions import transactions_of
from workers.generate_images import Outside, generate_images


class SmallPictures(Pictures):
    """Draws quickly."""

    def draw(self, prompt, seed, **given):
        return super().draw(prompt, seed, side=32)

    def close(self):
        """It is shared by all tests."""


def replicate_at(service: FakeReplicate, pictures) -> Replicate:
    return Replicate(
        *(TOKEN, "owner/model", pictures),
        base=service.base,
        hosts=("127.0.0.1",),
        gate=Gate(allow_loopback=True),
    )


def kind_at(service: FakeReplicate, pictures, **given):
    """`generate_images` with that service; `given` is what else its clients have."""

    def open_clients(settings):
        per_minute = given.pop("per_minute", 60_000)
        return Outside(
            **{
                "generator": replicate_at(service, pictures),
                "embedded": EmbeddedGenerator(pictures),
                "pictures": pictures,
                "profile": PROFILES["kubo-cid-v1"],
                "bucket": Bucket("replicate", per_minute, settings),
                "transaction": transactions_of("generate_images", settings),
                "budget_of_author": 0,
                "budget_of_all": 0,
                "reports": None,
            }
            | given
        )

    return dataclasses.replace(generate_images, open_clients=open_clients)
