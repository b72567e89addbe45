"""Every route, called by every kind of caller: who gets through, and what the others learn.

What is expected follows from the permission that each route declares and from the table of roles.
A route with a parameter that is in no noun's EXAMPLES fails.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from werkzeug.routing import Rule

from tests.blueprints.examples import Examples, Place, address
from tests.factories import NOWHERE
from tests.people import People, Person
from webapp.identity.api_keys import NEVER
from webapp.routes import permit

# The tables that refused calls may write to.
TOLD = {"audit_log", "rate_limits"}


@dataclass
class World:
    """A workspace with members and one thing of each kind, and people outside."""

    callers: dict[str, Any]
    people: dict[str, Person]
    workspace_id: UUID
    ids: dict[str, object]
    rules: dict[str, Rule]
    examples: Examples
    all_people: People

    def join_from_outside(self):
        """Somebody else, with a workspace of their own."""
        return self.all_people.person(f"sharee-{len(self.callers)}-{secrets.token_hex(2)}")

    def names_a_thing(self, endpoint):
        """Whether an address has the id of a thing."""
        return bool(self.rules[endpoint].arguments & self.ids.keys())

    def has_nothing_for(self, who, endpoint):
        """Whether there is nothing at an address for a certain member of the workspace."""
        parameters = self.rules[endpoint].arguments
        is_anothers = self.examples.personal & parameters and who in ("member", "viewer")
        return bool(is_anothers or self.examples.absent & parameters)

    def call(self, who, method, endpoint, *, nowhere=False, workspace=True, body=None):
        ids = dict.fromkeys(self.ids, NOWHERE) if nowhere else self.ids
        named = {f"<{parameter}>": str(thing) for parameter, thing in self.ids.items()}
        if body:
            body = {
                name: named.get(value, value) if isinstance(value, str) else value
                for name, value in body.items()
            }
        return self.callers[who].open(
            address(self.rules[endpoint].rule, ids | self.examples.words),
            method=method,
            headers={"X-Workspace-Id": str(self.workspace_id)} if workspace else {},
            json=body,
            query_string=self.examples.queries.get(endpoint),
        )


@pytest.fixture(scope="session")
def guarded(calls, shared_app):
    """Every call that requires a permission: its method, its endpoint and the permission."""
    return [
        (method, endpoint, permission)
        for method, _, endpoint in calls
        if (permission := shared_app.view_functions[endpoint].permission) != permit.PUBLIC
    ]


@pytest.fixture
def world(app, routes, examples, make, owner):
    people = People(app, make, owner)
    olga, max_, vera, dora, sten = (
        people.person(name) for name in ("olga", "max", "vera", "dora", "sten")
    )
    ada = people.person("ada", admin=True)
    workspace_id = people.workspace(olga, member=max_, viewer=vera)
    people.join(workspace_id, dora, "owner")
    owner.execute("UPDATE users SET disabled_at = now() WHERE handle = 'dora'")
    people.workspace(sten)
    scopes = [permission for permission in everything(owner) if permission not in NEVER]
    callers = {
        "nobody": people.client(),
        "disabled": dora.client,
        "stranger": sten.client,
        "owner": olga.client,
        "member": max_.client,
        "viewer": vera.client,
        "admin": ada.client,
        "key with no scope": people.client(
            X_API_Key=people.key(olga, [], workspace_id=workspace_id)[1]
        ),
        "key with every scope": people.client(
            X_API_Key=people.key(olga, scopes, workspace_id=workspace_id)[1]
        ),
        "key of a disabled user": people.client(
            X_API_Key=people.key(dora, scopes, workspace_id=workspace_id)[1]
        ),
        "key of a stranger": people.client(X_API_Key=people.key(sten, scopes)[1]),
    }
    place = Place(people, olga, workspace_id)
    for name in examples.things:
        place.thing(name)
    ids = place.made
    rules = {rule.endpoint: rule for rule in routes}
    known = {"olga": olga, "sten": sten}
    return World(callers, known, workspace_id, ids, rules, examples, people)


@pytest.fixture
def begin_anew(world, database):
    """Restores every table to what it was when the test began."""
    with database.connect(role="admin") as conn:
        conn.execute("SET session_replication_role = replica")  # no triggers, any order
        statements = []
        for table in tables(conn):
            conn.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")
            statements += (
                f"DELETE FROM {table}; ",
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}; ",
            )
        conn.execute(
            "CREATE FUNCTION pg_temp.begin_anew() RETURNS void LANGUAGE plpgsql"
            f" AS $$ BEGIN {''.join(statements)} END $$"
        )
        yield lambda: conn.execute("SELECT pg_temp.begin_anew()")


def everything(owner):
    return [name for (name,) in owner.execute("SELECT DISTINCT permission FROM role_permissions")]


def tables(conn):
    rows = conn.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ 'yoyo'"
    )
    return [table for (table,) in rows]


@pytest.fixture
def contents(owner):
    """Returns everything in the database, apart from what refusals may write."""
    query = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '' ORDER BY t::text), ''))"
        f"  FROM {table} AS t"
        for table in tables(owner)
        if table not in TOLD
    )
    return lambda: dict(owner.execute(query).fetchall())


def told(answer):
    """Everything in an answer, apart from what differs between any two."""
    body = {key: value for key, value in (answer.json or {}).items() if key != "requestId"}
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("X-Request-Id", "Date", "Content-Length")
    }
    return answer.status_code, body, headers


@pytest.fixture
def allowed(owner):
    """Returns whether a caller has a permission in the workspace, according to the tables."""
    granted = set(owner.execute("SELECT permission, role FROM role_permissions"))
    roles = {
        "owner": ("user", "owner"),
        "member": ("user", "member"),
        "viewer": ("user", "viewer"),
        "key with every scope": ("user", "owner"),
    }

    def may(permission, who):
        is_so = any((permission, role) in granted for role in roles[who])
        return is_so and not (who.startswith("key") and permission in NEVER)

    return may


@pytest.mark.long
def test_whoever_may_not_call_is_refused_and_changes_nothing(
    world, owner, guarded, allowed, contents, subtests
):
    before = contents()
    for method, endpoint, permission in guarded:
        expected = {
            "nobody": 401,
            "disabled": 401,
            "key of a disabled user": 401,
            "stranger": 404,
            "key of a stranger": 404,
            "admin": 404,
            "key with no scope": 403,
        } | {
            who: 403
            for who in ("owner", "member", "viewer", "key with every scope")
            if not allowed(permission, who)
        }
        with subtests.test(endpoint, method=method):
            for who, status in expected.items():
                for body in (None,) if method == "GET" else (None, {}):
                    answer = world.call(who, method, endpoint, body=body)
                    assert answer.status_code == status, who
                    said = {401: "unauthenticated", 403: "forbidden", 404: "not_found"}[status]
                    assert answer.json["code"] == said
                    assert not re.search("Team|olga|Milk|milk|example.com", answer.text)
        owner.execute("DELETE FROM rate_limits")  # that many strangers would have to wait
    assert contents() == before


@pytest.mark.long
def test_whoever_may_call_gets_through(world, guarded, allowed, begin_anew, subtests):
    for method, endpoint, permission in guarded:
        for who in ("owner", "member", "viewer", "key with every scope"):
            if not allowed(permission, who):
                continue
            with subtests.test(endpoint, method=method, who=who):
                body = world.examples.bodies.get(endpoint, {}) if method != "GET" else None
                answer = world.call(who, method, endpoint, body=body)
                code = (answer.json or {}).get("code") if answer.status_code >= 400 else None
                assert code not in ("unauthenticated", "forbidden", "internal_error")
                assert (answer.status_code == 404) == world.has_nothing_for(who, endpoint)
            if method != "GET":
                begin_anew()


@pytest.mark.long
def test_an_admin_gets_through_where_admins_do(world, guarded, begin_anew, subtests):
    for method, endpoint, _ in guarded:
        if "admin" in world.rules[endpoint].rule:
            with subtests.test(endpoint, method=method):
                body = world.examples.bodies.get(endpoint) if method != "GET" else None
                answer = world.call("admin", method, endpoint, workspace=False, body=body)
                assert answer.status_code in (200, 204)
            begin_anew()


@pytest.mark.long
@pytest.mark.parametrize("who", ["stranger", "key of a stranger", "admin"])
def test_what_is_anothers_is_answered_as_what_is_not_there(world, guarded, contents, subtests, who):
    before = contents()
    for method, endpoint, permission in guarded:
        if permission.startswith("admin:") or not world.names_a_thing(endpoint):
            continue
        with subtests.test(endpoint, method=method):
            body = world.examples.bodies.get(endpoint, {})
            real = world.call(who, method, endpoint, workspace=False, body=body)
            none = world.call(who, method, endpoint, workspace=False, body=body, nowhere=True)
            assert told(real) == told(none)
            assert real.status_code in (403, 404)
    assert contents() == before


@pytest.fixture
def sharees(world, owner):
    """People with other workspaces, by the level at which the world's document and its folder are
    each shared with them."""
    found = {}
    for who, level, expires_at in (
        ("a sharee with view", "view", None),
        ("a sharee with write", "write", None),
        ("a sharee whose share has expired", "write", "2020-01-01"),
    ):
        person = world.join_from_outside()
        found[who] = person.client
        for thing in ("document_id", "folder_id"):
            owner.execute(
                f"INSERT INTO shares (workspace_id, {thing}, user_id, level, shared_by, expires_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    *(world.workspace_id, world.ids[thing], person.id, level),
                    *(world.people["olga"].id, expires_at),
                ),
            )
    world.callers |= found
    return found


def test_every_route_of_what_is_shared_says_what_a_sharee_needs(world, guarded):
    of_shared = {
        endpoint
        for _, endpoint, _ in guarded
        if world.rules[endpoint].arguments & {"document_id", "folder_id", "table_id"}
    }
    assert of_shared == world.examples.shared.keys()


@pytest.mark.long
def test_a_sharee_gets_through_where_their_level_allows_it(
    world, owner, guarded, sharees, contents, begin_anew, subtests
):
    allowed = {"a sharee with view": {"view"}, "a sharee with write": {"view", "write"}}
    before = contents()
    for method, endpoint, _ in guarded:
        needed = world.examples.shared.get(endpoint)
        if needed is None:
            continue
        body = world.examples.bodies.get(endpoint, {}) if method != "GET" else None
        for who in sharees:
            with subtests.test(endpoint, method=method, who=who):
                real = world.call(who, method, endpoint, workspace=False, body=body)
                if who not in allowed:
                    none = world.call(
                        who, method, endpoint, workspace=False, body=body, nowhere=True
                    )
                    assert told(real) == told(none)
                    assert real.status_code == 404
                elif needed in allowed[who]:
                    assert real.status_code not in (401, 403, 404), real.json
                else:
                    assert real.status_code == 403
                    assert real.json["code"] == "share_forbids"
                    assert real.json["level"] == who.rpartition(" ")[2]
                assert not re.search(b"Team|Milk|milk|example.com", real.data)
            if real.status_code < 300 and method != "GET":
                begin_anew()
    assert contents() == before


@pytest.mark.long
def test_a_share_opens_nothing_else(world, guarded, sharees, contents, subtests):
    """Only what is shared can be seen, and it is in no list but that of shared things."""
    before = contents()
    for method, endpoint, permission in guarded:
        if permission.startswith("admin:") or endpoint in world.examples.shared:
            continue
        with subtests.test(endpoint, method=method):
            body = world.examples.bodies.get(endpoint, {}) if method != "GET" else None
            if world.names_a_thing(endpoint):
                for who in sharees:
                    real = world.call(who, method, endpoint, workspace=False, body=body)
                    none = world.call(
                        who, method, endpoint, workspace=False, body=body, nowhere=True
                    )
                    assert told(real) == told(none)
            elif method == "GET":
                for who in sharees:
                    answer = world.call(who, method, endpoint, workspace=False)
                    assert not any(str(each) in answer.text for each in world.ids.values())
                    assert (answer.json or {}).get("total", 0) == 0
    assert contents() == before


@pytest.mark.long
def test_a_list_of_ones_own_has_nothing_of_anothers(world, guarded, subtests):
    ids = {*map(str, world.ids.values())}
    for method, endpoint, permission in guarded:
        is_own = not world.names_a_thing(endpoint)
        if method != "GET" or permission.startswith("admin:") or not is_own:
            continue
        with subtests.test(endpoint):
            answer = world.call("stranger", method, endpoint, workspace=False)
            assert answer.status_code == 200
            assert not any(each in answer.text for each in ids)
            assert (answer.json or {}).get("total", 0) == 0


def test_the_workspace_of_a_key_cannot_be_another(world):
    key = world.callers["key with every scope"]
    assert key.get("/api/items/pending").json["total"] == 1
    elsewhere = {"X-Workspace-Id": str(world.people["olga"].workspace_id)}
    assert key.get("/api/items/pending", headers=elsewhere).status_code == 404


def test_ones_own_workspace_is_the_default(world):
    assert world.callers["owner"].get("/api/items/pending").json["total"] == 0
    team = {"X-Workspace-Id": str(world.workspace_id)}
    assert world.callers["owner"].get("/api/items/pending", headers=team).json["total"] == 1


@pytest.mark.parametrize("given", ["x", "", "1234", NOWHERE])
def test_an_unknown_workspace_is_refused(world, given):
    answer = world.callers["owner"].get("/api/items/pending", headers={"X-Workspace-Id": given})
    assert answer.status_code == (404 if given == NOWHERE else 422)


def test_a_denial_is_in_the_audit_log(world, owner):
    world.call("viewer", "POST", "items.create", body={})
    (entry,) = owner.execute("SELECT actor, details FROM audit_log").fetchall()
    assert entry[0].startswith("user:")
    assert entry[1] == {
        "permission": "workspace:items:write",
        "method": "POST",
        "path": "/api/items",
    }
