"""The index that triggers maintain always equals a rebuilt one."""

from __future__ import annotations

import random
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql import queries
from tests.fuzzing import examples

# Entries that are not what they would be if rebuilt. Only positions may differ, where tags were
# added later, which changes no result. Tags and folders that are gone may stay.
STALE = """
SELECT entry.id
  FROM search_entries AS entry
  JOIN search_volumes AS standing ON standing.id = entry.volume
  FULL JOIN searchable AS thing ON thing.id = entry.id
 WHERE entry.id IS NULL
    OR thing.id IS NULL
    OR entry.config <> thing.config
    OR entry.audience <> thing.audience
    OR (SELECT array_agg(lexeme)
          FROM unnest(tsvector_to_array(entry.vector)) AS lexeme
         WHERE lexeme !~ '^ [tf]:'
            OR EXISTS (SELECT FROM tags WHERE tags.id::text = substr(lexeme, 4))
            OR EXISTS (SELECT FROM folders WHERE folders.id::text = substr(lexeme, 4)))
       IS DISTINCT FROM tsvector_to_array(search_vector(thing, standing))
"""

# Known words that are no longer anywhere, and words of titles and summaries that are not known.
# Numbers are not guessed.
WORDS = """
SELECT word FROM search_words
EXCEPT
SELECT unnest(search_words_in(vector)) FROM search_entries
"""
UNKNOWN = """
SELECT word
  FROM searchable CROSS JOIN unnest(search_words_of(concat_ws(' ', title, summary))) AS word
 WHERE length(word) >= 4
   AND word !~ '^[0-9]+$'
EXCEPT
SELECT word FROM search_words
"""


def assert_true(conn):
    assert conn.execute(STALE).fetchall() == []
    assert conn.execute(WORDS).fetchall() == []
    assert conn.execute(UNKNOWN).fetchall() == []


TEXTS = ["Oak posts", "The garden of beech", "it's \\ a 'quoted' example.com/it's", "É"]
STEPS = st.one_of(
    st.tuples(st.just("capture"), st.sampled_from(TEXTS), st.sets(st.sampled_from("abc"))),
    st.tuples(st.just("title"), st.integers(0, 3), st.sampled_from(TEXTS)),
    st.tuples(st.just("language"), st.integers(0, 3), st.sampled_from(["en", "de", None])),
    st.tuples(st.just("discard"), st.integers(0, 3)),
    st.tuples(st.just("purge"), st.integers(0, 3)),
    st.tuples(st.just("tag"), st.integers(0, 3), st.sampled_from("abc")),
    st.tuples(st.just("untag"), st.integers(0, 3), st.sampled_from("abc")),
    st.tuples(st.just("put"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("take"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("drop"), st.integers(0, 2)),
    st.tuples(st.just("merge"), st.sampled_from("abc"), st.sampled_from("abc")),
    st.tuples(st.just("remove"), st.sampled_from("abc")),
    st.tuples(st.just("task"), st.sampled_from(TEXTS), st.sets(st.sampled_from("abc"))),
    st.tuples(st.just("complete"), st.integers(0, 3)),
)


@examples(15)
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_the_index_is_what_it_would_be_if_it_were_made_anew(
    make, app_conn, owner, steps
):
    user = make.user()
    mine = {"workspace_id": user["workspace_id"]}
    seen = mine | {"audiences": [user["workspace_id"]]}
    items: list = []
    tasks: list = []

    folders = [
        queries.folders.create(app_conn, **mine, created_by=user["id"], parent_id=None, name=name)
        for name in "abc"
    ]

    def tag_id(name):
        row = app_conn.execute(
            "SELECT id FROM tags WHERE workspace_id = %s AND name = %s", (*mine.values(), name)
        ).fetchone()
        return row and row[0]

    for kind, *given_ in steps:
        what = given_[0]
        if isinstance(what, int):
            rows = {"complete": tasks, "drop": folders}.get(kind, items)
            if not rows:
                continue
            what = rows[what % len(rows)]
        if kind == "capture":
            made = make.item(user, raw_text=what, title=what, tags=sorted(given_[1]))
            items.append(made["id"])
        elif kind == "task":
            row = queries.tasks.create(
                app_conn,
                **mine,
                user_id=user["id"],
                title=what,
                description=None,
                due_at=None,
                priority=0,
                due_on=None,
                time_zone=None,
                remind_at=None,
                remind_minutes_before=None,
                recurrence=None,
                item_id=None,
                document_id=None,
                tags=sorted(given_[1]),
            )
            tasks.append(row["id"])
        elif kind in ("title", "language"):
            # Either the text or its language changes.
            app_conn.execute(
                f"UPDATE items SET {kind} = %s, updated_at = now() WHERE id = %s", (given_[1], what)
            )
        elif kind == "discard":
            app_conn.execute(
                "UPDATE items SET status = 'discarded' WHERE id = %s AND status <> 'discarded'",
                (what,),
            )
        elif kind == "purge":
            app_conn.execute("DELETE FROM items WHERE id = %s", (what,))
        elif kind == "tag":
            app_conn.execute("SELECT 1 FROM items WHERE id = %s", (what,))
            if app_conn.execute("SELECT 1 FROM items WHERE id = %s", (what,)).fetchone():
                queries.tags.attach(app_conn, item_ids=[what], names=[given_[1]], **mine)
        elif kind == "untag":
            queries.tags.detach(app_conn, item_ids=[what], names=[given_[1]], **mine)
        elif kind in ("put", "take") and folders:
            where = folders[given_[1] % len(folders)]
            if (
                kind == "take"
                or app_conn.execute("SELECT 1 FROM items WHERE id = %s", (what,)).fetchone()
            ):
                change = getattr(queries.folder_items, kind)
                change(app_conn, item_ids=[what], folder_ids=[where], **mine)
        elif kind == "drop":
            app_conn.execute("DELETE FROM folders WHERE id = %s", (what,))
            folders.remove(what)
        elif kind == "merge":
            one, other = tag_id(what), tag_id(given_[1])
            if one and other and one != other:
                with app_conn.transaction():
                    queries.tags.merge(app_conn, id=one, into=other)
                    queries.tags.remove(app_conn, id=one, **seen)
        elif kind == "remove" and tag_id(what):
            queries.tags.remove(app_conn, id=tag_id(what), **seen)
        elif kind == "complete":
            app_conn.execute(
                "UPDATE tasks SET status = CASE status WHEN 'pending' THEN 'completed'"
                " ELSE 'pending' END WHERE id = %s",
                (what,),
            )
    assert_true(app_conn)
    owner.execute("DELETE FROM tasks; DELETE FROM items")
    assert_true(app_conn)


def volumes(conn):
    return conn.execute(
        "SELECT place, id, shelf, bookcase, collection,"
        "       (SELECT count(*) FROM search_entries WHERE volume = search_volumes.id)"
        "  FROM search_volumes ORDER BY id"
    ).fetchall()


def fill(conn, user, how_many):
    conn.execute(
        "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status)"
        " SELECT %s, %s, 'note', 'oak', 'confirmed' FROM generate_series(1, %s)",
        (user["workspace_id"], user["id"], how_many),
    )


@pytest.mark.long
def test_a_full_volume_is_followed_by_another(make, app_conn):
    user = make.user()
    fill(app_conn, user, 7000)
    first, second = volumes(app_conn)
    assert 4096 <= first[-1] < 4096 + 2900  # one entry in 256 checks
    assert first[-1] + second[-1] == 7000
    assert [row[0] for row in (first, second)] == [0, 1]
    assert first[2:5] == second[2:5] == (first[1],) * 3


@pytest.mark.long
def test_eight_volumes_are_a_shelf_and_eight_shelves_a_bookcase(make, owner):
    user = make.user()
    audience = (user["workspace_id"], user["workspace_id"])
    fill(owner, user, 4096)

    def begin():
        # With an id whose last byte is zero, it checks whether the volume is full.
        owner.execute("UPDATE search_entries SET volume = (SELECT max(id) FROM search_volumes)")
        owner.execute(
            "SELECT * FROM search_volume(%s, %s, '00000000-0000-7000-8000-000000000000')", audience
        )

    for _ in range(8):
        begin()
    owner.execute(
        "UPDATE search_volumes SET place = 63 WHERE id = (SELECT max(id) FROM search_volumes)"
    )
    begin()
    rows = volumes(owner)
    ids = [row[1] for row in rows]
    assert [row[0] for row in rows] == [*range(8), 63, 64]
    assert [row[2] for row in rows] == [ids[0]] * 8 + [ids[8], ids[9]]
    assert [row[3] for row in rows] == [ids[0]] * 9 + [ids[9]]
    assert [row[4] for row in rows] == [ids[0]] * 10


@pytest.mark.long
def test_the_server_keeps_up_its_tables_by_itself(make, owner):
    """Autovacuum and a restore have an empty search path for functions."""
    make.item(make.user(), title="Oak", tags=["Garden", "cre\u0300me"])
    owner.execute("ANALYZE")
    owner.execute("REINDEX TABLE tags")


@pytest.mark.long
def test_an_unfinished_transaction_makes_nobody_wait(make, database):
    user = make.user()
    with database.connect(role="app") as one, database.connect(role="app") as other:
        other.execute("SET lock_timeout = '1s'")
        with one.transaction(), other.transaction():
            fill(one, user, 1)
            fill(other, user, 1)
        assert other.execute("SELECT count(*) FROM search_entries").fetchone() == (2,)


@pytest.mark.long
@pytest.mark.parametrize("first", ["tag", "title"])
def test_a_tag_and_a_title_given_at_once_are_both_found(make, database, owner, first):
    user = make.user()
    item = make.item(user, title="Oak")

    def tag(conn):
        queries.tags.attach(
            conn, item_ids=[item["id"]], workspace_id=user["workspace_id"], names=["garden"]
        )

    def title(conn):
        conn.execute("UPDATE items SET title = 'Beech' WHERE id = %s", (item["id"],))

    one, other = (tag, title) if first == "tag" else (title, tag)
    with (
        database.connect(role="app") as a,
        database.connect(role="app") as b,
        ThreadPoolExecutor(1) as threads,
    ):
        with a.transaction():
            one(a)
            second = threads.submit(other, b)
            pid = b.info.backend_pid
            while (
                not second.done()
                and not owner.execute(
                    "SELECT cardinality(pg_blocking_pids(%s)) > 0", (pid,)
                ).fetchone()[0]
            ):
                time.sleep(0.01)
        second.result(timeout=60)
    assert_true(owner)


@pytest.mark.long
@pytest.mark.parametrize("piece", ["a-", "a.", "a/", "a@b.", "1e", "<a "])
def test_hostile_texts_are_indexed_in_time(make, app_conn, piece):
    app_conn.execute("SET statement_timeout = '30s'")
    item = make.item(raw_text=(piece * 5000)[:10000])
    app_conn.execute("UPDATE items SET content = %s WHERE id = %s", (piece * 40000, item["id"]))


@pytest.mark.long
def test_the_longest_texts_fit(make, app_conn):
    item = make.item(raw_text="x")
    words = " ".join(f"{chr(0x10400 + n % 40)}{chr(0x4E00 + n // 40)}{n}" for n in range(60000))
    app_conn.execute("UPDATE items SET content = %s WHERE id = %s", (words[:500_000], item["id"]))
    assert_true(app_conn)


@pytest.mark.long
def test_many_accents_on_one_letter_cost_little(make, app_conn):
    app_conn.execute("SET statement_timeout = '30s'")
    item = make.item(raw_text="x")
    content = "e" + "\u0301\u0323" * 50_000
    app_conn.execute("UPDATE items SET content = %s WHERE id = %s", (content, item["id"]))


@pytest.mark.long
def test_letters_that_grow_fit(make, app_conn):
    letters = [
        chr(number)
        for number in range(0x3300, 0x3358)
        if len(unicodedata.normalize("NFKC", chr(number))) >= 4
    ]
    chance = random.Random(1)
    content = " ".join("".join(chance.choices(letters, k=100)) for _ in range(980))
    item = make.item(raw_text="x")
    app_conn.execute("UPDATE items SET content = %s WHERE id = %s", (content, item["id"]))
    assert_true(app_conn)


@pytest.mark.long
@pytest.mark.parametrize("how", ["merge", "remove"])
def test_an_edit_that_gives_a_tag_and_the_end_of_that_tag_do_not_wait_in_a_circle(
    make, database, owner, how
):
    user = make.user()
    mine = {"workspace_id": user["workspace_id"]}
    seen = mine | {"audiences": [user["workspace_id"]]}
    item = make.item(user, title="Oak", tags=["a"])
    make.item(user, title="Beech", tags=["b"])
    ids = dict(owner.execute("SELECT name, id FROM tags").fetchall())

    def end(conn):
        with conn.transaction():
            if how == "merge":
                queries.tags.lock_many(conn, ids=list(ids.values()), **seen)
                queries.tags.merge(conn, id=ids["a"], into=ids["b"])
            queries.tags.remove(conn, id=ids["a"], **seen)

    with (
        database.connect(role="app") as a,
        database.connect(role="app") as b,
        ThreadPoolExecutor(1) as threads,
    ):
        with a.transaction():
            # As PATCH does.
            queries.items.lock(a, id=item["id"], **mine)
            queries.tags.make(a, names=["a"], **mine)
            unchanged = dict.fromkeys(("action", "summary", "raw_text", "is_read", "is_favourite"))
            queries.items.change(a, id=item["id"], title="Larch", **unchanged, **mine)
            second = threads.submit(end, b)
            pid = b.info.backend_pid
            while not owner.execute(
                "SELECT cardinality(pg_blocking_pids(%s)) > 0", (pid,)
            ).fetchone()[0]:
                time.sleep(0.01)
            queries.tags.attach(a, item_ids=[item["id"]], names=["a"], **mine)
        second.result(timeout=60)
    assert_true(owner)
