"""Search by meaning for tests: a server of embeddings, and rounds of the workers that call it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from tests.clients.ai.chat_server import ChatServer
from tests.clients.embeddings.embeddings_server import embeddings_server
from webapp.settings import Settings
from workers.embed_texts import embed_texts
from workers.engine.loop import Worker
from workers.fill_embeddings import fill_embeddings


@dataclass
class Meaning:
    """A server, and the settings that name it."""

    server: ChatServer
    settings: Settings
    owner: psycopg.Connection[Any]

    def choose(self, settings: Settings | None = None) -> None:
        """Have the model of some settings chosen, and all texts queued, as within minutes."""
        with contextlib.closing(Worker([fill_embeddings], settings or self.settings)) as worker:
            for _ in range(3):
                self.due("fill_embeddings")
                worker.round()

    def due(self, kind: str = "embed_texts") -> None:
        if kind == "fill_embeddings":
            self.owner.execute(
                "INSERT INTO outbox (kind, subject_id) SELECT kind, id FROM schedules"
                " WHERE kind = 'fill_embeddings' ON CONFLICT DO NOTHING"
            )
        self.owner.execute("UPDATE outbox SET run_after = now() WHERE kind = %s", (kind,))

    def embed(self, settings: Settings | None = None) -> int:
        """Rounds of the worker until nothing is due; how many rows it had in hand."""
        with contextlib.closing(Worker([embed_texts], settings or self.settings)) as worker:
            claimed = 0
            while some := worker.round():
                claimed += some
            return claimed

    def rows(self, columns: str = "entity_id") -> list[Any]:
        return [
            row[0] if len(row) == 1 else row
            for row in self.owner.execute(
                f"SELECT {columns} FROM embeddings ORDER BY entity_id, number"
            ).fetchall()
        ]


@contextlib.contextmanager
def meaning_of(settings: Settings, owner: psycopg.Connection[Any]) -> Iterator[Meaning]:
    """Settings that name a server of embeddings. Skips where the database has no pgvector."""
    if owner.execute("SELECT has_vectors()").fetchone() != (True,):
        pytest.skip("the server has no pgvector")
    with embeddings_server() as server:
        named = replace(settings, embeddings_url=server.url, embeddings_model="subjects")
        yield Meaning(server, named, owner)
