"""The audit log: filtered, read page by page, and never rewritten."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlencode
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.people import People

AUDIT = "/api/admin/audit"
ACTIONS = ("login.failed", "login.succeeded", "key.made")
WHO = (UUID(int=1), UUID(int=2), None)
WHERE = (UUID(int=11), UUID(int=12), None)
ACTORS = ("user:1", "operator", "anonymous")
# A condition for each parameter; there are three queries, with and without the first two of them.
CONDITIONS = {
    "user_id": str(WHO[0]),
    "action": ACTIONS[0],
    "actor": ACTORS[1],
    "workspace_id": str(WHERE[0]),
    "since": "2020-01-02T00:00:00Z",
    "until": "2020-02-20T00:00:00Z",
}


@pytest.fixture
def ada(app, make, owner):
    return People(app, make, owner).person("ada", admin=True)


@pytest.fixture
def entries(owner):
    """An entry for each combination, one a day from 2020 on; newest first."""
    for number, (action, user_id, workspace_id, actor) in enumerate(
        product(ACTIONS, WHO, WHERE, ACTORS)
    ):
        owner.execute(
            "INSERT INTO audit_log (action, actor, user_id, workspace_id, occurred_at)"
            " VALUES (%s, %s, %s, %s, '2020-01-01Z'::timestamptz + %s * interval '1 day')",
            (action, actor, user_id, workspace_id, number),
        )
    cursor = owner.execute(
        "SELECT id, action, user_id::text, workspace_id::text, actor, occurred_at"
        " FROM audit_log ORDER BY id DESC"
    )
    names = ("id", "action", "user_id", "workspace_id", "actor", "occurred_at")
    return [dict(zip(names, row, strict=True)) for row in cursor]


def read(client, **query):
    answer = client.get(f"{AUDIT}?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.json


def every_page(client, **query):
    seen, cursor = [], None
    while True:
        page = read(client, **query, **({"cursor": cursor} if cursor else {}))
        seen += page["items"]
        assert len(page["items"]) <= query["limit"]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen


def fits(entry, query):
    moment = entry["occurred_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    plain = query.keys() - {"since", "until"}
    return (
        all(entry[name] == query[name] for name in plain)
        and moment >= query.get("since", "")
        and moment < query.get("until", "9")
    )


QUERIES = [
    *((), ("user_id",), ("action",), ("actor",), ("workspace_id",), ("since",), ("until",)),
    *(("user_id", "action"), ("user_id", "actor"), ("action", "actor"), ("since", "until")),
    *(("user_id", "workspace_id", "since"), ("action", "workspace_id", "until")),
    *(("actor", "workspace_id", "since", "until"), tuple(CONDITIONS)),
]


@pytest.mark.long
def test_what_fits_is_found_page_by_page_without_gaps_and_doubles(ada, entries, subtests):
    for names in QUERIES:
        query = {name: CONDITIONS[name] for name in names}
        wanted = [entry["id"] for entry in entries if fits(entry, query)]
        with subtests.test(" ".join(names)):
            assert wanted
            for limit in (len(wanted) // 4 + 1, len(wanted), len(wanted) + 1, 7):
                found = every_page(ada.client, limit=min(limit, 100), **query)
                assert [entry["id"] for entry in found] == wanted


def test_what_is_written_between_two_pages_moves_none_of_them(ada, entries, owner):
    first = read(ada.client, limit=5)
    owner.execute("INSERT INTO audit_log (action, actor) VALUES ('key.made', 'operator')")
    second = read(ada.client, limit=5, cursor=first["next_cursor"])
    ids = [entry["id"] for entry in first["items"] + second["items"]]
    assert ids == [entry["id"] for entry in entries[:10]]


def test_since_is_included_and_until_is_not(ada, entries):
    moment = "2020-01-05T00:00:00Z"
    assert read(ada.client, since=moment, limit=100)["items"][-1]["occurred_at"] == moment
    assert read(ada.client, until=moment)["items"][0]["occurred_at"] == "2020-01-04T00:00:00Z"
    assert read(ada.client, since=moment, until=moment)["items"] == []
    in_berlin = read(ada.client, until="2020-01-05T01:00:00+01:00")
    assert in_berlin == read(ada.client, until=moment)


@pytest.mark.parametrize(
    "query",
    [
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"since": "2020-01-01T00:00:00+23:59"},
        {"action": "%"},
        {"action": "login"},
        {"actor": "' OR ''='"},
        {"user_id": str(uuid4())},
    ],
    ids=["year 1", "year 9999", "far east", "percent", "half a word", "quotes", "nobody"],
)
def test_what_is_strange_is_answered(ada, entries, query):
    found = read(ada.client, **query)["items"]
    assert bool(found) == bool({"since", "until"} & query.keys())


@pytest.mark.parametrize(
    "query",
    [
        *("user_id=1", "workspace_id=x", "since=yesterday", "until=1", "action=", "actor=a%00b"),
        *("limit=0", "limit=101", "cursor=LTE", "cursor=x", "colour=red", "actor=" + "x" * 101),
        *("cursor=OTIyMzM3MjAzNjg1NDc3NTgwOA", "cursor=MWU1"),
    ],
)
def test_a_query_that_is_wrong_is_refused(ada, query):
    assert ada.client.get(f"{AUDIT}?{query}").status_code in (400, 422)


def test_an_entry_says_who_did_what_to_whom_from_where_and_in_which_request(ada, owner, make):
    person = make.user("olga")
    ada.client.post(
        f"/api/admin/users/{person['id']}/promote",
        headers={"X-Request-Id": "r-1", "User-Agent": "ä\0 browser " + "x" * 400},
        environ_overrides={"REMOTE_ADDR": "2001:db8::1"},
    )
    (entry,) = read(ada.client)["items"]
    assert {name: entry[name] for name in ("action", "actor", "user_id", "request_id")} == {
        "action": "user.promoted",
        "actor": f"user:{ada.id}",
        "user_id": str(person["id"]),
        "request_id": "r-1",
    }
    assert entry["address"] == "2001:db8::1"
    assert len(entry["user_agent"]) <= 300
    assert entry["occurred_at"].endswith("Z")


def test_who_is_no_admin_reads_nothing_not_even_of_themselves(app, make, owner, ada):
    people = People(app, make, owner)
    olga = people.person("olga")
    answer = olga.client.get(f"{AUDIT}?user_id={olga.id}")
    assert (answer.status_code, "items" in answer.json) == (403, False)
    _, key = people.key(ada, ["admin:users:read"])
    assert people.client(X_API_Key=key).get(AUDIT).status_code == 403
    _, key = people.key(ada, ["admin:audit:read"])
    assert people.client(X_API_Key=key).get(AUDIT).status_code == 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'x'",
        "UPDATE audit_log SET details = '{}'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DROP TABLE audit_log",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "INSERT INTO audit_log (action, actor, occurred_at) VALUES ('a.b', 'x', '2020-01-01')",
        "INSERT INTO audit_log (id, action, actor) OVERRIDING SYSTEM VALUE VALUES (1, 'a.b', 'x')",
        "CREATE OR REPLACE FUNCTION prune_audit_log(timestamptz, integer) RETURNS bigint"
        " LANGUAGE sql AS 'SELECT 1::bigint'",
    ],
    ids=[
        *("change", "empty details", "delete", "truncate", "drop", "alter", "another time"),
        *("another id", "replace pruning"),
    ],
)
def test_the_app_role_adds_to_the_log_and_does_nothing_else(app_conn, entries, owner, statement):
    before = owner.execute("SELECT md5(string_agg(a::text, '' ORDER BY id)) FROM audit_log a")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute(statement)
    after = owner.execute("SELECT md5(string_agg(a::text, '' ORDER BY id)) FROM audit_log a")
    assert after.fetchone() == before.fetchone()
    app_conn.execute("INSERT INTO audit_log (action, actor) VALUES ('a.b', 'x')")
