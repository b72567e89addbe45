"""The query module, and every query in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psycopg
import pytest

import sql
from sql import NoRow, QueryFileError, load, parse, queries
from tests import databases

PROJECT = Path(__file__).parent.parent.parent
EVERY_QUERY = [query for namespace in vars(queries).values() for query in vars(namespace).values()]


def source_files() -> list[Path]:
    return [*PROJECT.glob("webapp/**/*.py"), *PROJECT.glob("workers/**/*.py")]


def named_in_source() -> set[str]:
    return {
        name
        for path in source_files()
        for name in re.findall(r"\bqueries\.(\w+\.\w+)\b", path.read_text())
    }


@pytest.fixture(scope="module")
def untouched(server_url):
    """A database in which there has never been anything.

    Otherwise the plans would depend on what other tests have written and autovacuum has counted: an
    index of a table with three rows is read from end to end.
    """
    with databases.new_database(server_url, f"coffer_test_plans_{os.getpid()}") as made:
        yield made


@pytest.fixture(scope="module")
def growing(untouched):
    """The tables that grow with use: those that no migration fills, except those whose comment in
    the database says that they stay small."""
    with untouched.connect() as conn:
        small = conn.execute(
            "SELECT relname FROM pg_class"
            " WHERE obj_description(oid, 'pg_class') LIKE 'Stays small%'"
        ).fetchall()
    return set(databases.empty_tables(untouched)) - {name for (name,) in small}


@pytest.fixture(scope="module")
def app(untouched):
    """A connection as the app's role that avoids sequential scans.

    If no index helps, PostgreSQL reads the whole table, whatever the settings say about its cost;
    so a plan that does that in spite of these settings has no other way.
    """
    with untouched.connect(role="app") as conn:
        conn.execute("SET enable_seqscan = off")
        conn.execute("SET plan_cache_mode = force_generic_plan")
        yield conn


@pytest.fixture(scope="module")
def planned(app):
    """Plans a query for parameters that are not known yet."""

    def plan(query):
        names = sorted(query.parameters)
        statement = query.statement.decode().replace("%%", "%")
        for number, name in enumerate(names, start=1):
            statement = re.sub(rf"%\({name}\)[sb]", f"${number}", statement)
        nulls = f"({', '.join(['NULL'] * len(names))})" if names else ""
        app.execute(f"PREPARE asked AS {statement}")
        (plan,) = app.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked {nulls}").fetchone()
        app.execute("DEALLOCATE asked")
        return plan[0]["Plan"]

    return plan


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


@pytest.mark.parametrize("query", EVERY_QUERY, ids=lambda query: query.name)
def test_every_query_is_valid_and_reads_growing_tables_by_an_index(planned, growing, query):
    for node in nodes(planned(query)):
        if node.get("Relation Name") in growing and "Scan" in node["Node Type"]:
            assert node["Node Type"] != "Seq Scan", node
            if node["Node Type"] != "Bitmap Heap Scan":
                # An index read from end to end is the same as no index.
                assert "Index Cond" in node or "TID Cond" in node, node


def test_what_is_locked_up_to_a_limit_is_looked_up_once(planned):
    """This takes a WITH part. A subquery is run again for every row that it is compared with if the
    planner prefers a loop, and each run locks further rows, up to the limit.
    """
    locking = [query for query in EVERY_QUERY if b"SKIP LOCKED" in query.statement]
    assert locking
    for query in locking:
        assert locked_within_a_limit(planned(query)) == [], query.name


def locked_within_a_limit(node):
    """The nodes of a plan that lock rows up to a limit and could be run more than once."""
    found = []
    for inner in node.get("Plans", []):
        if inner["Parent Relationship"] == "InitPlan":
            continue
        is_on_top = "Parent Relationship" not in node  # and is run only once
        if node["Node Type"] == "Limit" and inner["Node Type"] == "LockRows" and not is_on_top:
            found.append(inner)
        found += locked_within_a_limit(inner)
    return found


def test_views_with_parameters_are_planned_with_the_query_that_reads_them(app, planned):
    """They are inlined, so that the query's conditions reach the indexes."""
    views = app.execute(
        "SELECT proname FROM pg_proc JOIN pg_language AS language ON language.oid = prolang"
        " WHERE pronamespace = 'public'::regnamespace"
        "   AND proretset AND provolatile = 's' AND lanname = 'sql'"
    ).fetchall()
    assert ("item_answers",) in views
    for query in EVERY_QUERY:
        called = {node.get("Function Name") for node in nodes(planned(query))}
        assert not called & {name for (name,) in views}, query.name


def test_every_query_named_in_the_source_exists():
    assert named_in_source() <= {query.name for query in EVERY_QUERY}


def test_every_query_is_used():
    assert {query.name for query in EVERY_QUERY} <= named_in_source()


def test_every_query_says_in_a_sentence_what_it_does():
    sentence = re.compile(rb"/\* \S+ \*/ -- [A-Z].*?\.\n", re.DOTALL)
    assert [query.name for query in EVERY_QUERY if not sentence.match(query.statement)] == []


def test_a_query_carries_its_name_to_the_server():
    assert parse("tags", "-- name: all :many\nSELECT 1;")["all"].statement == (
        b"/* tags.all */ SELECT 1"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1;", "before the first"),
        ("-- name: all\nSELECT 1;", "is not"),
        ("-- name: all :some\nSELECT 1;", "is not"),
        ("-- name: All :many\nSELECT 1;", "is not"),
        ("-- name: all :many\nSELECT 1;\n-- name: all :one\nSELECT 1;", "twice"),
    ],
)
def test_a_file_that_is_wrong_is_refused_at_once(text, said):
    with pytest.raises(QueryFileError, match=said):
        parse("tags", text)


def test_a_noun_has_one_file_wherever_it_lies(tmp_path):
    for system in ("library", "people"):
        (tmp_path / system).mkdir()
        (tmp_path / system / "tags.sql").write_text("-- name: all :many\nSELECT 1;")
    with pytest.raises(QueryFileError, match=r"tags\.sql exists twice"):
        load(tmp_path)


def query_of(kind: str, select: str) -> sql.Query:
    return parse("t", f"-- name: q :{kind}\n{select}")["q"]


@pytest.mark.parametrize("given", [{}, {"b": 1}, {"a": 1, "b": 1}])
def test_parameters_must_be_exactly_those_of_the_statement(app_conn, given):
    with pytest.raises(TypeError, match=r"t\.q takes \['a'\]"):
        query_of("one", "SELECT %(a)s::int")(app_conn, **given)


SERIES = "SELECT n, n * 2 AS twice FROM generate_series(1, %(last)s::int) AS n"


def test_each_kind_gives_what_it_promises(app_conn):
    def call(kind: str, last: int):
        return query_of(kind, SERIES)(app_conn, last=last)

    assert call("one", 2) == {"n": 1, "twice": 2}
    assert call("maybe", 1) == {"n": 1, "twice": 2}
    assert call("maybe", 0) is None
    assert call("many", 2) == [{"n": 1, "twice": 2}, {"n": 2, "twice": 4}]
    assert call("many", 0) == []
    assert call("value", 2) == 1
    assert call("exec", 2) == 2


@pytest.mark.parametrize("kind", ["one", "value"])
def test_a_promised_row_that_is_not_there_is_an_error(app_conn, kind):
    with pytest.raises(NoRow, match=r"t\.q"):
        query_of(kind, SERIES)(app_conn, last=0)


def test_a_value_may_be_null(app_conn):
    assert query_of("value", "SELECT NULL")(app_conn) is None


def find(conn, handle):
    return queries.callers.of_handle(
        conn, handle=handle, permission="account:read", workspace_id=None
    )


def test_a_query_runs_in_the_callers_transaction(database):
    with database.connect(role="app") as one, database.connect(role="app") as other:
        with one.transaction(force_rollback=True):
            queries.users.create_with_handle(one, handle="ana")
            assert find(one, "ana") is not None
            assert find(other, "ana") is None
        assert find(one, "ana") is None


def test_values_never_become_sql(app_conn):
    nasty = "'; DROP TABLE users; --"
    assert find(app_conn, nasty) is None
    assert isinstance(app_conn, psycopg.Connection)
