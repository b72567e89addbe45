"""`coffer api-key`: operators make keys for users, which can be piped, and revoke them."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.workers.test_cli import coffer
from webapp.identity.keyring import digest

READ = "workspace:items:read"
INES = "ines@example.com"


@pytest.fixture
def ines(people):
    return people.person("ines")


@pytest.fixture
def asked(database):
    """Runs one of the commands."""

    def run(*arguments):
        answer = coffer("api-key", *map(str, arguments), DATABASE_URL=database.url)
        assert answer.exception is None or isinstance(answer.exception, SystemExit)
        assert "Traceback" not in answer.output
        return answer

    return run


def create(asked, *arguments, who="ines", scopes=(READ,)):
    given = [part for scope in scopes for part in ("--scope", scope)]
    return asked("create", who, "--name", "backup", *given, *arguments)


def log(owner):
    return owner.execute(
        "SELECT action, actor, user_id, details ->> 'prefix' FROM audit_log ORDER BY id"
    ).fetchall()


def count(owner):
    return owner.execute("SELECT count(*) FROM api_keys").fetchone()[0]


def is_told(answer, said, code=1):
    """Check for an error of one line and an exit code; for code 2, click adds the usage."""
    assert answer.exit_code == code
    assert answer.stdout == ""
    line = answer.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert said in line
    assert code == 2 or answer.stderr.count("\n") == 1
    return True


@pytest.mark.long
def test_the_key_stands_alone_on_the_standard_output(asked, people, ines, owner):
    answer = create(asked)
    key = answer.stdout.removesuffix("\n")
    assert answer.exit_code == 0
    assert key.startswith("cfk_")
    assert len(key.split()) == 1
    assert key not in answer.stderr
    row = owner.execute(
        "SELECT id::text, secret_hash, prefix, user_id, workspace_id, scopes,"
        " expires_at::date - current_date FROM api_keys"
    ).fetchone()
    assert row[0] in answer.stderr
    assert row[1:] == (digest(key), key[:10], ines.id, ines.workspace_id, [READ], 90)
    assert people.client(X_API_Key=key).get("/api/items/pending").status_code == 200
    assert log(owner) == [("api_key.created", "operator", ines.id, key[:10])]
    assert key not in owner.execute("SELECT audit_log::text FROM audit_log").fetchone()[0]


def test_a_key_is_for_a_workspace_for_days_and_for_several_scopes(asked, people, ines, owner):
    workspace_id = people.workspace(ines)
    scopes = (READ, "workspace:items:write", READ)
    answer = create(asked, "--workspace", workspace_id, "--days", 10, scopes=scopes)
    assert answer.exit_code == 0
    assert owner.execute(
        "SELECT workspace_id, scopes, expires_at::date - current_date FROM api_keys"
    ).fetchone() == (workspace_id, sorted({*scopes}), 10)


@pytest.mark.parametrize(
    "scope", ["account:manage", "admin:users:read", "workspace:everything", "*", "", "a b"]
)
def test_a_scope_that_the_user_cannot_give_is_refused(asked, ines, owner, scope):
    assert is_told(create(asked, scopes=(READ, scope)), "a key of this user may have", code=2)
    assert (count(owner), log(owner)) == (0, [])


def test_no_scope_is_refused(asked, ines, owner):
    assert is_told(create(asked, scopes=()), "--scope", code=2)
    assert count(owner) == 0


@pytest.mark.long
def test_a_viewers_key_does_not_write(asked, people, ines, owner):
    workspace_id = people.workspace(people.person("olga"), viewer=ines)
    answer = create(asked, "--workspace", workspace_id, scopes=("workspace:items:write",))
    assert is_told(answer, "workspace:items:write", code=2)
    assert create(asked, "--workspace", workspace_id).exit_code == 0


@pytest.mark.parametrize("scope", [READ, "account:read"])
@pytest.mark.parametrize("whose", ["a stranger's", "nobody's", "a personal one"])
def test_a_workspace_that_the_user_is_no_member_of_is_refused(
    asked, people, ines, owner, scope, whose
):
    olga = people.person("olga")
    workspace_id = {
        "a stranger's": people.workspace(olga),
        "nobody's": uuid4(),
        "a personal one": olga.workspace_id,
    }[whose]
    answer = create(asked, "--workspace", workspace_id, scopes=(scope,))
    assert answer.exit_code in (1, 2)
    assert is_told(answer, "", code=answer.exit_code)
    assert (count(owner), log(owner)) == (0, [])


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--workspace", "x"), ("--workspace", ""), ("--days", "0"), ("--days", "367")),
        ("--days", "x"),
    ],
    ids=" ".join,
)
def test_an_option_that_is_wrong_is_refused(asked, ines, owner, arguments):
    assert is_told(create(asked, *arguments), arguments[0], code=2)
    assert count(owner) == 0


@pytest.mark.parametrize("name", ["", "x" * 101], ids=["empty", "long"])
def test_an_invalid_name_is_refused(asked, ines, owner, name):
    answer = asked("create", "ines", "--name", name, "--scope", READ)
    assert answer.exit_code in (1, 2)
    assert is_told(answer, "", code=answer.exit_code)
    assert count(owner) == 0


@pytest.mark.long
@pytest.mark.parametrize("who", ["nobody", "00000000-0000-7000-8000-000000000000"])
def test_an_unknown_user_is_one_plain_line(asked, owner, who):
    said = f"there is no user '{who}'"
    assert is_told(create(asked, who=who), said)
    assert is_told(asked("list", who), said)
    assert is_told(asked("revoke", who, uuid4()), said)
    assert (count(owner), log(owner)) == (0, [])


@pytest.mark.long
def test_keys_are_listed_without_their_secrets(asked, people, ines, owner):
    assert asked("list", "ines").stdout == f"{INES} has no keys\n"
    keys = [create(asked).stdout.strip() for _ in range(2)]
    people.key(people.person("olga"), [READ])
    head, *rows = asked("list", INES).stdout.splitlines()
    assert head.split() == ["ID", "KEY", "NAME", "SCOPES", "USED"]
    assert [row.split()[1] for row in rows] == [f"{key[:10]}…" for key in keys[::-1]]
    assert [row.split()[-1] for row in rows] == ["never", "never"]
    as_json = asked("list", "ines", "--json").stdout
    assert [key["prefix"] for key in json.loads(as_json)["api_keys"]] == [
        key[:10] for key in keys[::-1]
    ]
    assert not any(key in as_json for key in keys)
    owner.execute("UPDATE api_keys SET last_used_at = '2026-01-02 03:04Z'")
    assert asked("list", "ines").stdout.count("2026-01-02 03:04") == 2


@pytest.mark.long
def test_a_revoked_key_is_refused_at_once(asked, people, ines, owner):
    key = create(asked).stdout.strip()
    (key_id,) = owner.execute("SELECT id FROM api_keys").fetchone()
    answer = asked("revoke", "ines", key_id)
    assert (answer.exit_code, answer.stdout) == (0, f"revoked {key[:10]}… of {INES}\n")
    assert people.client(X_API_Key=key).get("/api/items/pending").status_code == 401
    assert log(owner)[1:] == [("api_key.revoked", "operator", ines.id, key[:10])]
    assert is_told(asked("revoke", "ines", key_id), f"{INES} has no key {key_id}")
    assert len(log(owner)) == 2


def test_anothers_key_is_not_revoked(asked, people, ines, owner):
    key, _ = people.key(people.person("olga"), [READ])
    assert is_told(asked("revoke", "ines", key["id"]), f"{INES} has no key {key['id']}")
    assert (count(owner), log(owner)) == (1, [])


@pytest.mark.parametrize("key_id", ["x", "", "cfk_abcdef", "1"])
def test_an_invalid_id_is_refused(asked, ines, key_id):
    assert is_told(asked("revoke", "ines", key_id), "is not a valid UUID", code=2)
