"""Embeddings by a server on loopback, whose model knows a few subjects by their words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.clients.ai.chat_server import ChatServer, Reply, Request, chat_server

SUBJECTS = (
    {"dog", "puppy", "hound"},
    {"car", "automobile", "vehicle"},
    {"garden", "fence", "posts"},
    {"invoice", "bill", "payment"},
)


def vector_of(text: str) -> list[float]:
    """How many of its words are about each subject, and a little of everything."""
    words = set(text.lower().replace(".", " ").split())
    return [*(float(len(words & subject)) for subject in SUBJECTS), 0.1]


def embeddings(*vectors: Any) -> Reply:
    data = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return Reply(body={"object": "list", "data": data})


def answer(request: Request) -> Reply:
    return embeddings(*map(vector_of, request.body["input"]))


@contextlib.contextmanager
def embeddings_server() -> Iterator[ChatServer]:
    with chat_server() as server:
        server.model = answer
        yield server
