"""Vectors where the server has them, and everything else where it does not."""

from __future__ import annotations

import os
import threading

import pytest

from sql import queries
from sql.migrate import migrate
from tests import databases
from tests.factories import Factory
from tests.processes import eventually

NOTHING_FILTERED = {"among": None, "limit": 10}


@pytest.fixture
def bare(server_url):
    """A database to which nobody has added pgvector."""
    name = f"coffer_test_bare_{os.getpid()}"
    with databases.new_database(server_url, name, migrated=False) as made:
        with made.connect(role="admin") as conn:
            conn.execute("DROP EXTENSION IF EXISTS vector")
        yield made


def is_available(database):
    with database.connect(role="admin") as conn:
        return conn.execute(
            "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')"
        ).fetchone()[0]


@pytest.fixture
def model(app_conn):
    """The id of the current model. Skips where the database has no pgvector."""
    if not queries.embeddings.has_vectors(app_conn):
        pytest.skip("the server has no pgvector")
    queries.embeddings.choose(app_conn, name="of two numbers")
    return queries.embeddings.current(app_conn)["id"]


def save(conn, item, model, *vectors):
    return queries.embeddings.save(
        conn,
        id=item["id"],
        model_id=model,
        pages=[None] * len(vectors),
        starts=[1] * len(vectors),
        lengths=[3] * len(vectors),
        vectors=[f"[{x},{y}]" for x, y in vectors],
    )


def nearest(conn, user, model, vector=(1.0, 0.0), **more):
    return queries.embeddings.nearest(
        conn,
        workspace_id=user["workspace_id"],
        audiences=[user["workspace_id"], user["id"]],
        model_id=model,
        vector=list(vector),
        **NOTHING_FILTERED | more,
    )


@pytest.mark.long
def test_the_extension_may_come_later(bare):
    """Whoever runs the migrations may not add it: a superuser does, and the next run goes on."""
    migrate(bare.owner_url, app_url=bare.url)
    with bare.connect() as conn:
        expected = "not_permitted" if is_available(bare) else "missing"
        assert conn.execute("SELECT add_vectors()").fetchone() == (expected,)
    with bare.connect(role="app") as conn:
        assert queries.embeddings.current(conn) is None
        item = Factory(conn).item(title="Everything else works")
        assert queries.embeddings.load(conn, ids=[item["id"]], most_characters=10) == []
    if not is_available(bare):
        return
    with bare.connect(role="admin") as conn:
        conn.execute("CREATE EXTENSION vector")
    migrate(bare.owner_url, app_url=bare.url)
    with bare.connect(role="app") as conn:
        assert queries.embeddings.has_vectors(conn)
        queries.embeddings.choose(conn, name="m")
        assert queries.embeddings.queue_next(conn, limit=10) == {"things": 1}
        model = queries.embeddings.current(conn)["id"]
        assert save(conn, item, model, (0.6, 0.8))


@pytest.mark.long
def test_the_column_may_go_and_come_back(bare):
    """As before a move to a server that does not have it."""
    if not is_available(bare):
        pytest.skip("the server has no pgvector")
    with bare.connect(role="admin") as conn:
        conn.execute("CREATE EXTENSION vector")
    migrate(bare.owner_url, app_url=bare.url)
    with bare.connect(role="app") as conn:
        queries.embeddings.choose(conn, name="m")
        item = Factory(conn).item()
        assert save(conn, item, queries.embeddings.current(conn)["id"], (0.6, 0.8))
        queries.embeddings.queue_next(conn, limit=10)
        assert queries.embeddings.current(conn)["is_filled"]
    with bare.connect(role="admin") as conn:
        conn.execute("DROP EXTENSION vector CASCADE")
    with bare.connect(role="app") as conn:
        assert queries.embeddings.current(conn) is None
        Factory(conn).item()
    with bare.connect(role="admin") as conn:
        conn.execute("CREATE EXTENSION vector")
    migrate(bare.owner_url, app_url=bare.url)
    with bare.connect(role="app") as conn:
        assert conn.execute("SELECT count(*) FROM embeddings").fetchone() == (0,)
        assert queries.embeddings.queue_next(conn, limit=10) == {"things": 2}


def test_the_nearest_come_first_each_once(make, app_conn, model):
    user = make.user()
    far, near = make.item(user), make.item(user)
    save(app_conn, far, model, (0, 1), (0.6, 0.8))
    save(app_conn, near, model, (1, 0), (0.8, 0.6))
    found = nearest(app_conn, user, model)
    assert [row["id"] for row in found] == [near["id"], far["id"]]
    assert [round(row["likeness"], 2) for row in found] == [1, 0.6]
    assert nearest(app_conn, user, model, among=[far["id"]])[0]["id"] == far["id"]
    assert nearest(app_conn, user, model, among=[]) == []
    assert nearest(app_conn, make.user(), model) == []


def test_a_thing_of_many_passages_keeps_no_other_from_being_found(make, app_conn, model):
    user = make.user()
    book, first, second = (make.item(user) for _ in range(3))
    save(app_conn, book, model, *[(0.8, 0.6)] * 50)
    save(app_conn, first, model, (0, 1), (0.6, 0.8))
    save(app_conn, second, model, (0, 1))
    found = nearest(app_conn, user, model, limit=3)
    assert [row["id"] for row in found] == [book["id"], first["id"], second["id"]]
    assert [round(row["likeness"], 1) for row in found] == [0.8, 0.6, 0]


def test_another_models_vectors_are_not_compared(make, app_conn, model):
    user = make.user()
    save(app_conn, make.item(user), model, (1, 0))
    queries.embeddings.choose(app_conn, name="of three")
    other = queries.embeddings.current(app_conn)["id"]
    assert nearest(app_conn, user, other, (1.0, 0.0, 0.0)) == []
    assert not save(app_conn, make.item(user), model, (1, 0))  # which is not current any more


def test_a_model_keeps_its_dimensions(make, app_conn, model):
    item = make.item()
    assert save(app_conn, item, model, (1, 0))
    of_three = {"pages": [None], "starts": [1], "lengths": [1], "vectors": ["[1,0,0]"]}
    assert not queries.embeddings.save(app_conn, id=item["id"], model_id=model, **of_three)


def test_what_is_discarded_while_it_is_saved_is_in_the_trash(make, app_conn, database, model):
    item = make.item()
    with database.connect(role="app") as other, database.connect(role="admin") as watching:
        with app_conn.transaction():
            save(app_conn, item, model, (1, 0))
            discarding = threading.Thread(
                target=other.execute,
                args=("UPDATE items SET status = 'discarded' WHERE id = %s", (item["id"],)),
            )
            discarding.start()
            eventually(
                lambda: (
                    watching.execute(
                        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = %s",
                        (other.info.backend_pid,),
                    ).fetchone()
                    is not None
                )
            )
        discarding.join()
        assert watching.execute("SELECT is_discarded FROM embeddings").fetchall() == [(True,)]


def test_one_model_is_current(app_conn, model):
    queries.embeddings.choose(app_conn, name="b")
    queries.embeddings.choose(app_conn, name="of two numbers")
    assert queries.embeddings.current(app_conn)["id"] == model
    queries.embeddings.choose(app_conn, name=None)
    assert queries.embeddings.current(app_conn) is None
