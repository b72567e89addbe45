"""The migration by which names get their one form keeps what people have."""

from __future__ import annotations

import os

import pytest
from yoyo import read_migrations

from sql import queries
from sql.migrate import MIGRATIONS, migrate, yoyo_backend
from tests import databases
from tests.sql.test_search_index import assert_true as assert_true_index

pytestmark = pytest.mark.long

CAFE, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.fixture(scope="module")
def library(server_url):
    """What there was before the migration, after it."""
    name = f"coffer_test_outdated_{os.getpid()}"
    with databases.new_database(server_url, name, migrated=False) as made, made.connect() as conn:
        with yoyo_backend(conn, made.owner_url) as backend:
            for migration in read_migrations(str(MIGRATIONS)):
                if migration.id >= "0058":
                    break
                backend.apply_one(migration)
        conn.autocommit = True
        # So that documents need no versions.
        conn.execute("ALTER TABLE documents DROP CONSTRAINT documents_version_is_theirs")
        queries.users.create_with_handle(conn, handle="ana")
        library = Library(conn)
        fill(library)
        migrate(made.owner_url, app_url=made.url)
        yield library


class Library:
    """What a user has."""

    def __init__(self, conn):
        self.conn = conn
        self.workspace, self.user = self.one("SELECT id, personal_of FROM workspaces")

    def one(self, statement, *given):
        return self.conn.execute(statement, given).fetchone()

    def all(self, statement, *given):
        rows = self.conn.execute(statement, given).fetchall()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def item(self, title, *tags):
        (item,) = self.one(
            "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status, title)"
            " VALUES (%s, %s, 'note', 'x', 'confirmed', %s) RETURNING id",
            self.workspace,
            self.user,
            title,
        )
        self.tag("item_tags", "item_id", item, tags)
        return item

    def task(self, title, *tags):
        (task,) = self.one(
            "INSERT INTO tasks (workspace_id, user_id, title, status)"
            " VALUES (%s, %s, %s, 'pending') RETURNING id",
            self.workspace,
            self.user,
            title,
        )
        self.tag("task_tags", "task_id", task, tags)

    def document(self, name, *tags, **more):
        (document,) = self.one(
            "INSERT INTO documents (workspace_id, created_by, name, status, title, version_id)"
            " VALUES (%s, %s, %s, 'awaiting_upload', %s, uuidv7()) RETURNING id",
            self.workspace,
            self.user,
            name,
            name,
        )
        self.one("SELECT keep_document_words(%s, %s, '{oak,tree}')", document, self.workspace)
        self.tag("document_tags", "document_id", document, tags)
        for column, value in more.items():
            self.conn.execute(
                f"UPDATE documents SET {column} = %s WHERE id = %s", (value, document)
            )
        return document

    def tag(self, table, column, thing, names):
        self.conn.execute(
            f"INSERT INTO {table} ({column}, tag_id)"
            " SELECT %s, id FROM make_tags(%s, %s::text[]) ON CONFLICT DO NOTHING",
            (thing, self.workspace, list(names)),
        )

    def suggestion(self, item, value, status, confidence):
        self.conn.execute(
            "INSERT INTO suggestions (workspace_id, item_id, value, confidence, status)"
            " VALUES (%s, %s, %s, %s, %s)",
            (self.workspace, item, value, confidence, status),
        )

    def folder(self, name):
        self.conn.execute(
            "INSERT INTO folders (workspace_id, created_by, name) VALUES (%s, %s, %s)",
            (self.workspace, self.user, name),
        )

    def configuration(self, document_type, version):
        self.conn.execute(
            "INSERT INTO configurations (workspace_id, created_by, document_type, version, title)"
            " VALUES (%s, %s, %s, %s, 'x')",
            (self.workspace, self.user, document_type, version),
        )

    def automatic(self, document_type):
        self.conn.execute(
            "INSERT INTO automatic_types (workspace_id, created_by, document_type)"
            " VALUES (%s, %s, %s)",
            (self.workspace, self.user, document_type),
        )


def fill(library):
    library.item("one", CAFE)
    library.item("two", DECOMPOSED)
    library.item("both", CAFE, DECOMPOSED, "CAFE\u0301", "tea")
    library.item("third", CAFE)
    library.task("drink", DECOMPOSED)
    library.item("tree", "#oak")
    library.item("trees", "oak", "\u200b", "ho\u00adme", " home")
    library.conn.execute("UPDATE tags SET color = '#123456' WHERE name = %s", (DECOMPOSED,))
    item = library.item("four")
    library.suggestion(item, CAFE, "pending", 0.9)
    library.suggestion(item, DECOMPOSED, "rejected", 0.1)
    library.suggestion(item, "tea", "pending", 0.5)
    library.document("a", DECOMPOSED, category=CAFE)
    library.document("b", CAFE, category=DECOMPOSED)
    library.document("c", category="fish")
    library.document("d", category="\ufb01sh")
    for name in (CAFE, DECOMPOSED, "CAFE\u0301 (2)", "tea"):
        library.folder(name)
    for document_type, version in ((CAFE, 1), (CAFE, 2), (DECOMPOSED, 1), ("CAFE\u0301", 2)):
        library.configuration(document_type, version)
    for document_type in (CAFE, DECOMPOSED):
        library.automatic(document_type)


def test_tags_of_one_name_become_one_with_everything_that_they_had(library):
    used = """
      SELECT tag.name, tag.color, uses.items, uses.tasks, uses.usage
        FROM tags AS tag
       CROSS JOIN LATERAL count_tag_uses(tag.id, ARRAY(SELECT audience FROM tag_uses)) AS uses
       ORDER BY fold(tag.name)
    """
    assert library.all(used) == [
        (CAFE, "#123456", 4, 1, 5),
        ("home", None, 1, 0, 1),
        ("oak", None, 2, 0, 2),
        ("tea", None, 1, 0, 1),
        ("unnamed", None, 1, 0, 1),
    ]


def test_they_are_found_by_the_one_name(library):
    found = """
      SELECT thing.title
        FROM searchable AS thing
        JOIN search_entries AS entry USING (id)
        JOIN tags AS tag ON entry.vector @@ (''' t:' || tag.id || '''')::tsquery
       WHERE tag.name = %s
       ORDER BY 1
    """
    assert library.all(found, CAFE) == ["a", "b", "both", "drink", "one", "third", "two"]


def test_the_index_of_search_is_what_it_would_be_if_it_were_made_anew(library):
    assert_true_index(library.conn)


def test_a_suggestion_that_was_decided_stays(library):
    left = library.all("SELECT value, status FROM suggestions ORDER BY value")
    assert left == [(DECOMPOSED, "rejected"), ("tea", "pending")]


def test_what_was_learned_is_counted_for_the_one_name(library):
    counted = """
      SELECT field, coalesce(tag.name, fold(label)), documents
        FROM learned_labels AS label
        LEFT JOIN tags AS tag ON tag.id::text = label
       WHERE documents > 0
       ORDER BY 1, 2
    """
    assert library.all(counted) == [
        ("category", "", 4),
        ("category", CAFE, 2),
        ("category", "fish", 2),
        ("tag", "", 2),
        ("tag", CAFE, 2),
    ]
    learned = library.all("SELECT documents FROM learned_words WHERE word = 'oak' ORDER BY 1")
    assert learned == [2, 2, 2, 2, 4]


def test_folders_and_types_of_one_name_are_told_apart_by_a_number(library):
    folders = library.all("SELECT name FROM folders ORDER BY id")
    assert folders == [CAFE, f"{DECOMPOSED} (3)", "CAFE\u0301 (2)", "tea"]
    types = library.all("SELECT document_type, version FROM configurations ORDER BY id")
    assert types == [(CAFE, 1), (CAFE, 2), (f"{DECOMPOSED} (2)", 1), ("CAFE\u0301 (2)", 2)]
    automatic = library.all("SELECT document_type FROM automatic_types ORDER BY id")
    assert automatic == [CAFE, f"{DECOMPOSED} (2)"]
