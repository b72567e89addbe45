"""Migrations: plain SQL, each with a rollback, and the roles they serve."""

from __future__ import annotations

import os
import threading

import psycopg
import pytest
from psycopg import sql as compose
from yoyo import read_migrations

from sql.migrate import MIGRATIONS, MigrationError, migrate, yoyo_backend
from tests import databases

FILES = sorted(path.name for path in MIGRATIONS.glob("*.sql"))
NAMES = [name.removesuffix(".sql") for name in FILES if not name.endswith(".rollback.sql")]

# Everything that a migration can leave behind, apart from yoyo's own tables.
SCHEMA = """
SELECT 'table' AS what, table_name::text AS name, column_name::text AS part, data_type::text AS is
  FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name !~ 'yoyo'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
  FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text !~ 'yoyo'
UNION ALL
SELECT 'index', tablename::text, indexname::text, indexdef
  FROM pg_indexes
 WHERE schemaname = 'public' AND tablename !~ 'yoyo'
UNION ALL
SELECT 'function', oid::regprocedure::text, NULL, prosrc
  FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid)
  FROM pg_trigger
 WHERE NOT tgisinternal
UNION ALL
SELECT 'view', viewname::text, NULL, definition
  FROM pg_views
 WHERE schemaname = 'public'
UNION ALL
SELECT 'sequence', relname::text, NULL, NULL
  FROM pg_class
 WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace AND relname !~ 'yoyo'
 ORDER BY 1, 2, 3, 4
"""


@pytest.fixture
def empty(server_url):
    name = f"coffer_test_empty_{os.getpid()}"
    with databases.new_database(server_url, name, migrated=False) as made:
        yield made


def schema(database):
    with database.connect() as conn:
        parts = conn.execute(SCHEMA).fetchall()
        tables = {name for what, name, *_ in parts if what == "table"}
        rows = {table: conn.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables}
    return parts, rows


def test_each_migration_has_a_rollback_and_each_rollback_a_migration():
    assert [f"{name}.rollback.sql" for name in NAMES] == [n for n in FILES if "rollback" in n]


def test_migrations_are_numbered_in_order_without_gaps():
    assert [name.split("-")[0] for name in NAMES] == [
        f"{number:04}" for number in range(1, len(NAMES) + 1)
    ]


@pytest.mark.long
def test_each_migration_can_be_rolled_back_and_applied_again(empty):
    with empty.connect() as conn, yoyo_backend(conn, empty.owner_url) as backend:
        for migration in read_migrations(str(MIGRATIONS)):
            before = schema(empty)
            backend.apply_one(migration)
            after = schema(empty)
            assert before != after
            backend.rollback_one(migration)
            assert schema(empty) == before
            backend.apply_one(migration)
            assert schema(empty) == after


@pytest.mark.long
def test_a_second_run_applies_nothing(empty):
    assert migrate(empty.owner_url, app_url=empty.url) == NAMES
    assert migrate(empty.owner_url, app_url=empty.url) == []


@pytest.mark.long
def test_of_two_that_start_at_once_one_migrates_and_the_other_waits(empty):
    applied = []
    threads = [
        threading.Thread(target=lambda: applied.append(migrate(empty.owner_url))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], NAMES]


@pytest.mark.long
def test_a_migration_that_was_killed_does_not_block_the_next(empty):
    migrate(empty.owner_url)
    with empty.connect() as conn:
        conn.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 1)")
    assert migrate(empty.owner_url) == []


@pytest.mark.long
def test_a_failing_migration_leaves_the_database_as_it_was(empty, tmp_path, monkeypatch):
    (tmp_path / "0001-half.sql").write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    monkeypatch.setattr("sql.migrate.MIGRATIONS", tmp_path)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty.owner_url)
    assert not any(name == "half" for _, name, *_ in schema(empty)[0])


@pytest.fixture
def held(empty, tmp_path, monkeypatch):
    """A transaction that locks what a migration wants to change; gives what ends it."""
    (tmp_path / "0001-held.sql").write_text("CREATE TABLE held (id int);")
    monkeypatch.setattr("sql.migrate.MIGRATIONS", tmp_path)
    monkeypatch.setattr("sql.yoyo_backend.LOCK_TIMEOUT", "20ms")
    migrate(empty.owner_url)
    (tmp_path / "0002-changed.sql").write_text("ALTER TABLE held ADD COLUMN changed int;")
    with empty.connect() as holder:
        holder.execute("BEGIN; SELECT FROM held")
        yield lambda: holder.execute("COMMIT")


@pytest.mark.long
def test_a_migration_that_cannot_lock_gives_way_and_then_gives_up(empty, held, monkeypatch):
    got_through = []

    def pause(_):
        # Whoever wants the table between two tries gets it: nobody has to queue behind us.
        with empty.connect() as other:
            other.execute("SET lock_timeout = '5s'")
            got_through.append(other.execute("SELECT count(*) FROM held").fetchone())

    monkeypatch.setattr("sql.migrate.time.sleep", pause)
    with pytest.raises(MigrationError, match=r"0002-changed was not applied: in 10 tries"):
        migrate(empty.owner_url)
    assert got_through == [(0,)] * 9


@pytest.mark.long
def test_a_migration_tries_again_and_goes_on(empty, held, monkeypatch):
    monkeypatch.setattr("sql.migrate.time.sleep", lambda _: held())
    assert migrate(empty.owner_url) == ["0002-changed"]


@pytest.mark.long
@pytest.mark.parametrize(("directive", "timeout"), [("", "2s"), ("-- transactional: false\n", "0")])
def test_only_what_holds_others_up_waits_briefly(empty, tmp_path, monkeypatch, directive, timeout):
    (tmp_path / "0001-shown.sql").write_text(
        f"{directive}CREATE TABLE shown AS SELECT current_setting('lock_timeout') AS timeout;"
    )
    monkeypatch.setattr("sql.migrate.MIGRATIONS", tmp_path)
    migrate(empty.owner_url)
    with empty.connect() as conn:
        assert conn.execute("SELECT timeout FROM shown").fetchone() == (timeout,)


@pytest.mark.long
def test_a_database_of_files_that_are_gone_is_refused_and_left_alone(empty, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        (tmp_path / "0001-identity.sql").write_text("CREATE TABLE kept (id int);")
        patched.setattr("sql.migrate.MIGRATIONS", tmp_path)
        migrate(empty.owner_url)
    before = schema(empty)
    with pytest.raises(MigrationError, match=r"0001-identity.*new, empty database"):
        migrate(empty.owner_url)
    assert schema(empty) == before


@pytest.mark.long
def test_a_database_of_a_later_coffer_is_no_mistake(empty, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        (tmp_path / "0001-first.sql").write_text("SELECT 1;")
        (tmp_path / "0002-later.sql").write_text("SELECT 1;")
        patched.setattr("sql.migrate.MIGRATIONS", tmp_path)
        migrate(empty.owner_url)
        (tmp_path / "0002-later.sql").unlink()
        assert migrate(empty.owner_url) == []


@pytest.mark.long
def test_one_role_may_serve_as_both(empty):
    migrate(empty.owner_url, app_url=empty.owner_url)
    with empty.connect() as conn:
        assert conn.execute("SELECT count(*) FROM items").fetchone() == (0,)


def test_the_app_role_has_these_privileges_and_no_others(database):
    with database.connect() as conn:
        rows = conn.execute(
            "SELECT table_name::text, string_agg(privilege_type, ' ' ORDER BY privilege_type)"
            "  FROM information_schema.role_table_grants"
            " WHERE grantee = %s GROUP BY table_name",
            (databases.APP_ROLE,),
        )
        granted = dict(rows.fetchall())
        views = conn.execute("SELECT viewname FROM pg_views WHERE schemaname = 'public'").fetchall()
    assert granted.pop("events") == "SELECT"  # and INSERT of most columns, see below
    assert granted.pop("audit_log") == "SELECT"  # likewise
    for table in ("transitions", "role_permissions", "changes_feed"):
        assert granted.pop(table) == "SELECT"
    assert granted.pop("schedules") == "SELECT UPDATE"
    assert {granted.pop(view) for (view,) in views} == {"SELECT"}
    own = {table: granted.pop(table) for table in list(granted) if "yoyo" in table}
    assert set(own.values()) == {"SELECT"}
    assert set(granted.values()) == {"DELETE INSERT SELECT"}  # and UPDATE of some columns


@pytest.mark.long
def test_nothing_moves_to_another_workspace_or_user(database):
    with database.connect() as conn:
        rows = conn.execute(
            "SELECT DISTINCT column_name::text FROM information_schema.role_column_grants"
            " WHERE grantee = %s AND privilege_type = 'UPDATE' AND table_name <> 'schedules'",
            (databases.APP_ROLE,),
        )
        changeable = {name for (name,) in rows}
    assert not changeable & {"id", "workspace_id", "user_id", "created_by", "personal_of"}
    assert {"title", "status", "role", "password_hash"} <= changeable


@pytest.mark.parametrize(("column", "value"), [("id", "9000"), ("occurred_at", "now()")])
def test_the_app_role_adds_to_the_audit_log_but_not_its_order_or_time(app_conn, column, value):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute(
            f"INSERT INTO audit_log (action, actor, {column})"
            f" OVERRIDING SYSTEM VALUE VALUES ('login.failed', 'me', {value})"
        )


@pytest.mark.parametrize("table", ["events", "audit_log"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_the_app_role_rewrites_no_history(app_conn, table, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute(statement.format(table))


@pytest.mark.parametrize(
    ("column", "value"), [("id", "9000"), ("txid", "'1'"), ("occurred_at", "now()")]
)
def test_the_app_role_adds_events_but_not_their_order_or_time(app_conn, column, value):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute(
            f"INSERT INTO events (entity, entity_id, event, actor, {column})"
            f" OVERRIDING SYSTEM VALUE VALUES ('item', uuidv7(), 'item.x', 'me', {value})"
        )


@pytest.mark.long
def test_an_app_role_with_an_odd_name_is_granted_its_privileges(empty):
    odd = 'app"; DROP ROLE x; --'
    name = compose.Identifier(odd)
    with empty.connect(role="admin") as admin:
        admin.execute(compose.SQL("CREATE ROLE {}").format(name))
        try:
            url = empty.url.replace(databases.APP_ROLE, "app%22%3B%20DROP%20ROLE%20x%3B%20--")
            migrate(empty.owner_url, app_url=url)
            held = admin.execute("SELECT has_table_privilege(%s, 'items', 'INSERT')", (odd,))
            assert held.fetchone() == (True,)
        finally:
            admin.execute(compose.SQL("DROP OWNED BY {}").format(name))
            admin.execute(compose.SQL("DROP ROLE {}").format(name))


@pytest.mark.long
def test_ids_made_later_sort_later_and_say_their_version(owner):
    ids = [owner.execute("SELECT uuidv7(), pg_sleep(0.002)").fetchone()[0] for _ in range(20)]
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}
    assert {each.variant for each in ids} == {"specified in RFC 4122"}


def test_every_constraint_has_a_name_of_ours(owner):
    rows = owner.execute(
        "SELECT conname FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
        "   AND conrelid::regclass::text !~ 'yoyo' AND conname ~ '_(check|fkey|key)\\d*$'"
    )
    assert rows.fetchall() == []
