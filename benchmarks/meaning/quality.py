"""What search by meaning gains over search by words: nDCG@10 on questions that people wrote.

    python -m benchmarks.meaning.quality FOLDER [--url … --model … --key …]

The folder has the collections that `benchmarks/meaning/collections.py` names. Their texts become
notes, which the worker's own functions embed; each question is asked as `/api/search` asks it. A
question is not what people type who know that all words must match, so words are also asked with
`OR` between them, and of each question the three words that fewest texts have are asked alone.
Prints the means, how many questions got better and worse with both than with words, and an
interval (95 %, bootstrap over questions) of the difference.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.databases import migrated_server
from benchmarks.meaning.collections import read
from benchmarks.search import prepare
from sql import queries
from sql.connection import connect
from webapp.clients.embeddings.choice import provider_from
from webapp.clients.embeddings.likeness import least_alike
from webapp.search.finder import Meaning, find
from webapp.search.query import parse
from workers import embed_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from benchmarks.meaning.collections import Collection
    from sql.connection import Connection
    from webapp.clients.embeddings.contract import Provider

TOP = 10
WORDS, BOTH = "words", "both"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meaning.quality")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--model")
    parser.add_argument("--key")
    given = parser.parse_args()
    provider = provider_from(given.url, given.key, given.model)
    collections = read(given.folder)
    if provider is None or not collections:
        print("Install the extra `meaning` or name an endpoint, and name a folder of collections.")
        return 2
    for collection in collections:
        with migrated_server() as url:
            show(collection, provider.model, measured(collection, provider, url))
    return 0


def measured(collection: Collection, provider: Provider, url: str) -> dict[str, list[float]]:
    """nDCG@10 of each question with an answer, by the way of asking."""
    with psycopg.connect(url, autocommit=True) as conn:
        user_id, workspace_id = prepare(conn)
        ids = put(conn, collection, user_id, workspace_id)
    with connect(url, "benchmark") as conn:
        began = time.perf_counter()
        passages = embed_all(conn, list(ids), provider)
        print(f"{len(ids)} texts, {passages} passages: {time.perf_counter() - began:.1f} s")
        model = queries.embeddings.current(conn)
        bound = least_alike(provider)
        print(f"unrelated below {bound:.3f}")
        who = {"workspace_id": workspace_id, "user_id": user_id}

        def ask(text: str, vector: Sequence[float] | None, *, alone: bool = False) -> list[int]:
            least = -1.0 if alone else bound
            meaning = (
                Meaning(model["id"], vector, alone=alone, least=least)
                if vector is not None
                else None
            )
            found = find(conn, parse(text), limit=TOP, meaning=meaning, **who)
            return [ids[row["id"]] for row in found.rows]

        def with_or(text: str) -> str:
            return " OR ".join(dict.fromkeys(text.split())) + " "

        ways: dict[str, Callable[[str, Sequence[float]], list[int]]] = {
            WORDS: lambda text, _: ask(text, None),
            BOTH: ask,
            "meaning": lambda text, vector: ask(text, vector, alone=True),
            "words, OR": lambda text, _: ask(with_or(text), None),
            "both, OR": lambda text, vector: ask(with_or(text), vector),
        }
        taken: dict[str, list[float]] = {}
        rarity = rarities(collection)
        for number, question in collection.questions.items():
            if not (answers := collection.answers.get(number)):
                continue
            rarest = sorted(dict.fromkeys(question.split()), key=lambda word: rarity[word])[:3]
            for kind, text in (("question", question), ("3 words", " ".join(rarest) + " ")):
                vector = provider.embed([parse(text).said])[0].tolist()
                for name, way in ways.items():
                    figures = taken.setdefault(f"{kind}: {name}", [])
                    figures.append(ndcg(way(text, vector), answers))
        return taken


def rarities(collection: Collection) -> Counter[str]:
    """How many texts have a word; those that none has count as common."""
    counted: Counter[str] = Counter()
    for title, text in collection.texts.values():
        counted.update(set(re.findall(r"[^\W_]+", f"{title} {text}".lower())))
    for question in collection.questions.values():
        for word in question.split():
            if not counted[word]:
                counted[word] = len(collection.texts)
    return counted


def put(
    conn: psycopg.Connection[Any], collection: Collection, user_id: UUID, workspace_id: UUID
) -> dict[UUID, int]:
    """Keep the texts as notes; returns their numbers by id."""
    ids = {}
    for number, (title, text) in collection.texts.items():
        row = conn.execute(
            "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status, title,"
            " language) VALUES (%s, %s, 'note', %s, 'enriching', %s, 'en') RETURNING id",
            (workspace_id, user_id, text, title or None),
        ).fetchone()
        assert row is not None
        ids[row[0]] = number
    return ids


def embed_all(conn: Connection, ids: list[UUID], provider: Provider) -> int:
    """Embed things as the worker does; returns the number of passages."""
    queries.embeddings.choose(conn, name=provider.model)
    passages = 0
    for start in range(0, len(ids), 16):
        things = queries.embeddings.load(conn, ids=ids[start : start + 16], most_characters=500_000)
        found = embed_texts.embed(things, embed_texts.Outside(provider))
        for thing, each in zip(things, found, strict=True):
            if isinstance(each, Exception):
                raise each
            passages += len(each.passages)
            queries.embeddings.save(conn, **embed_texts.written(thing["id"], each))
    conn.execute("VACUUM ANALYZE")
    return passages


def ndcg(found: list[int], answers: set[int]) -> float:
    """Of a list of numbers, the best first: 1 if its first ten are answers, or all there are."""
    gained = sum(1 / math.log2(place + 2) for place, each in enumerate(found) if each in answers)
    return gained / sum(1 / math.log2(place + 2) for place in range(min(TOP, len(answers))))


def show(collection: Collection, model: str, taken: dict[str, list[float]]) -> None:
    print(f"\n{collection.name}, by {model}")
    for name, figures in taken.items():
        print(f"  {name:20} nDCG@10 {mean(figures):.3f} of {len(figures)} questions")
    pairs = [
        (f"{kind}: {before}", f"{kind}: {after}")
        for kind in ("question", "3 words")
        for before, after in ((WORDS, BOTH), ("words, OR", BOTH), ("words, OR", "both, OR"))
    ]
    for before, after in pairs:
        gains = [now - then for then, now in zip(taken[before], taken[after], strict=True)]
        low, high = interval(gains)
        print(
            f"  {before} to {after}: {mean(gains):+.3f} ({low:+.3f} to {high:+.3f}),"
            f" {sum(gain > 0 for gain in gains)} better, {sum(gain < 0 for gain in gains)} worse"
        )


def mean(figures: Sequence[float]) -> float:
    return sum(figures) / len(figures)


def interval(figures: list[float]) -> tuple[float, float]:
    chance = random.Random(1)
    means = sorted(mean(chance.choices(figures, k=len(figures))) for _ in range(2_000))
    return means[50], means[-50]


if __name__ == "__main__":
    sys.exit(main())
